using RevUp.Backends;
using RevUp.Interop.Nvtx;
using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// A function of activations with its gradient and, where it exists, its inverse. What is kept
/// between the passes is explicit: the engine decides, the layer obeys. There is no autograd graph.
/// </summary>
/// <remarks>
/// Tensors are channels-last and float32. A layer belongs to one backend and one thread.
/// </remarks>
internal abstract class Layer(string name, Backend backend, Shape input) : DeviceObject(backend)
{
    /// <summary>Unique in its network: "stages.0.blocks.3".</summary>
    public string Name { get; } = name;

    /// <summary>
    /// The name as <see cref="Backend.Range"/> takes it, around everything that the layer does.
    /// </summary>
    public NvtxName RangeName { get; } = new(name);

    /// <summary>Shape of one input sample: [1, (D), H, W, C].</summary>
    public Shape Input { get; } = input;

    /// <summary>Shape of one output sample.</summary>
    public abstract Shape Output { get; }

    /// <summary>
    /// Whether the input can be rebuilt from the output, so that it need not be kept.
    /// </summary>
    public virtual bool IsInvertible => false;

    /// <summary>
    /// Whether y is elements of x, moved, and zeros: no number is rounded, and what is decoded of a
    /// compressed stream goes through bit for bit.
    /// </summary>
    public virtual bool OnlyMoves => false;

    /// <summary>
    /// The pre-activation that reads the layer's input, where the layers beside it write that, and
    /// the gradient of the output, in bfloat16 (<see cref="SavedTensors.Preactivated"/>,
    /// <see cref="SavedTensors.Gradient"/>); null elsewhere.
    /// </summary>
    internal virtual Preactivation? FusedInput => null;

    /// <summary>
    /// Planes of a slab where the layer takes one sample after the other, slab by slab along the
    /// outermost axis (D in 3-D, H in 2-D); 0 where it takes the whole batch.
    /// </summary>
    public int Slab { get; private set; }

    /// <summary>
    /// Chooses slabs of <paramref name="elements"/> elements of the larger of input and output, or
    /// fewer; 0 for no slabs. Layers that cannot, and samples that are no larger, have none.
    /// </summary>
    public void SetSlab(long elements) => Slab = elements > 0 ? SlabOf(elements) : 0;

    /// <summary>
    /// Chooses slabs of <paramref name="planes"/> planes at the finest extents for all layers of a
    /// network; 0 for none.
    /// </summary>
    public static void SetSlabs(IReadOnlyList<Layer> layers, int planes)
    {
        long elements = planes * layers.Max(layer => Planes.Elements(layer.Input));
        foreach (Layer layer in layers)
        {
            layer.SetSlab(elements);
        }
    }

    /// <summary>
    /// Prepares passes over a batch of <paramref name="batch"/> samples. Weights stay as they are
    /// until the next call, so that forward, inversion and backward see one function.
    /// <paramref name="use"/> names the passes that follow.
    /// </summary>
    public virtual void Prepare(int batch, NetworkUse use) => RequireOpen();

    /// <summary>
    /// Frees the weights as convolutions want them, until a pass packs them again. Called behind
    /// every pass of a layer, so that only one layer's weights of a whole network are packed at a
    /// time, but where <see cref="Models.RevUpNet.KeepsPackedWeights"/>.
    /// </summary>
    public virtual void ReleaseWeights()
    {
    }

    /// <summary>
    /// The next forward pass repeats the previous batch: nothing is counted twice. Only networks of
    /// invertible blocks do steps again, and nothing in those counts but the classifier.
    /// </summary>
    public virtual void Repeat() => RequireOpen();

    /// <summary>
    /// y = f(x), in a tensor that the caller owns. <paramref name="mode"/> says what becomes of x
    /// and whether <paramref name="saved"/> is filled.
    /// </summary>
    public abstract Tensor Forward(Tensor x, ForwardMode mode, ref SavedTensors saved);

    /// <summary>
    /// Adds to the parameters' gradients and returns the gradient of x. Takes
    /// <paramref name="gradient"/> and <paramref name="saved"/> over; x stays. What
    /// <paramref name="saved"/> lacks is recomputed from x. Without
    /// <paramref name="inputGradient"/> the result may be empty.
    /// </summary>
    public abstract Tensor Backward(Tensor x, Tensor gradient, bool inputGradient, ref SavedTensors saved);

    /// <summary>
    /// <see cref="Forward(Tensor, ForwardMode, ref SavedTensors)"/>; <paramref name="next"/> reads
    /// y next.
    /// </summary>
    internal virtual Tensor Forward(Tensor x, ForwardMode mode, ref SavedTensors saved, Neighbour next) =>
        Forward(x, mode, ref saved);

    /// <summary>
    /// <see cref="Backward(Tensor, Tensor, bool, ref SavedTensors)"/>; <paramref name="below"/>
    /// differentiates next.
    /// </summary>
    internal virtual Tensor Backward(
        Tensor x, Tensor gradient, bool inputGradient, ref SavedTensors saved, Neighbour below) =>
        Backward(x, gradient, inputGradient, ref saved);

    /// <summary>
    /// The x with f(x) = y. Takes y over. <paramref name="point"/> is where to differentiate: x
    /// itself. An inverse that evaluates branches there leaves their intermediates in
    /// <paramref name="saved"/>.
    /// </summary>
    public virtual Tensor Inverse(Tensor y, ref SavedTensors saved, out Tensor point) =>
        throw new InvalidOperationException($"The layer '{Name}' is not invertible; its input must be kept.");

    /// <summary>
    /// Adds what the layer computes in evaluation, channels first, to a graph; <paramref name="x"/>
    /// and the result are names of its values.
    /// </summary>
    internal abstract string Export(OnnxGraph graph, string x);

    /// <summary>
    /// Planes of a slab with about <paramref name="elements"/> elements; 0 where the layer has no
    /// slabs.
    /// </summary>
    protected virtual int SlabOf(long elements) => 0;

    /// <summary>Whether a parameter or state of this name is the layer's.</summary>
    public bool Owns(string name) =>
        name.Length > Name.Length && name[Name.Length] == '.' && name.StartsWith(Name, StringComparison.Ordinal);

    /// <summary>A new activation tensor of a batch.</summary>
    protected Tensor Allocate(Shape sample, int batch) =>
        Memory.Allocate(sample.WithBatch(batch), ElementType.Float32, MemoryPurpose.Activations);

    /// <summary>
    /// Frees <paramref name="x"/> when it was handed over under <paramref name="mode"/>.
    /// </summary>
    protected void Release(Tensor x, ForwardMode mode)
    {
        if (mode is not (ForwardMode.Store or ForwardMode.Keep))
        {
            Memory.Free(x);
        }
    }
}
