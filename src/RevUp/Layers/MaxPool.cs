using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// Maximum over windows of 3, stride 2, padding 1, and zero channels behind it: the second half of
/// the ImageNet stem. Not invertible; the maximum is found again in the kept input.
/// </summary>
internal sealed class MaxPool : Layer
{
    /// <summary>
    /// Pools samples of shape <paramref name="input"/> and pads them to
    /// <paramref name="channels"/>.
    /// </summary>
    /// <exception cref="ConfigurationException">Fewer channels than there are.</exception>
    public MaxPool(string name, Backend backend, Shape input, int channels)
        : base(name, backend, input)
    {
        ChannelPad.RequireChannels(name, input, channels);
        Shape output = input.WithChannels(channels);
        for (int axis = 0; axis < input.SpatialRank; axis++)
        {
            output = output.With(axis + 1, (input.Extent(axis) - 1) / 2 + 1);
        }
        Output = output;
    }

    /// <inheritdoc/>
    public override Shape Output { get; }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x, ForwardMode mode, ref SavedTensors saved) =>
        Forward(x, mode, ref saved, default);

    /// <inheritdoc/>
    internal override Tensor Forward(Tensor x, ForwardMode mode, ref SavedTensors saved, Neighbour next)
    {
        Tensor y = Allocate(Output, x.Shape.Batch);
        if (next.Reader is { } reader)
        {
            Tensor p = Memory.Allocate(y.Shape, ElementType.BFloat16, MemoryPurpose.Activations);
            ScalarActivation scalars = reader.Scalars;
            Backend.MaxPoolForwardAhead(x, y, scalars.Function, scalars.A, scalars.B, p);
            next.Saved.Preactivated = p;
        }
        else
        {
            Backend.MaxPoolForward(x, y);
        }
        Release(x, mode);
        return y;
    }

    /// <inheritdoc/>
    public override Tensor Backward(Tensor x, Tensor gradient, bool inputGradient, ref SavedTensors saved)
    {
        Tensor dx = Allocate(Input, x.Shape.Batch);
        Backend.MaxPoolBackward(x, gradient, dx);
        Memory.Free(gradient);
        return dx;
    }

    /// <inheritdoc/>
    internal override string Export(OnnxGraph graph, string x)
    {
        string pooled = graph.Node("MaxPool", Name, [x],
            ("kernel_shape", OnnxGraph.Repeat(3, Input.SpatialRank)),
            ("strides", OnnxGraph.Repeat(2, Input.SpatialRank)),
            ("pads", OnnxGraph.Repeat(1, 2 * Input.SpatialRank)));
        return Output.Channels == Input.Channels ? pooled : ChannelPad.Export(graph, Name, Input, Output, pooled);
    }
}
