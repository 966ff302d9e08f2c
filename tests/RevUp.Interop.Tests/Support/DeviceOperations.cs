using RevUp.Tensors;

namespace RevUp.Interop.Tests.Support;

/// <summary>
/// Every operation of a backend as a function of arrays, so that one test body serves all backends.
/// RevUp.Operations writes them but for convolutions.
/// </summary>
/// <param name="name">Name of the device.</param>
/// <param name="device">The device, or null where this machine has none.</param>
/// <param name="threads">
/// Threads of the CPU library, which all its backends share; 0 for other devices.
/// </param>
internal partial class DeviceOperations(string name, Lazy<Backend?> device, int threads = 0)
{
    private readonly string _name = name;

    /// <summary>The device; one that this machine lacks makes the test inconclusive.</summary>
    protected Backend Backend
    {
        get
        {
            if (device.Value is null)
            {
                Assert.Inconclusive($"This machine has no device '{_name}'.");
            }
            if (threads > 0)
            {
                CpuLibrary.SetThreads(threads).Check();
            }
            return device.Value;
        }
    }

    public override string ToString() => _name;

    internal bool Supports(CpuType convolutionType) => Backend.Supports((ElementType)convolutionType);

    /// <summary>
    /// The type that wgrad rounds to before it widens to float32. cuDNN's legacy wgrad has the type
    /// of its inputs.
    /// </summary>
    internal CpuType WeightGradientType(CpuType convolutionType) => threads > 0 ? CpuType.Float32 : convolutionType;

    internal virtual float[] ConvolutionFprop(
        CpuConvolutionGeometry geometry, Stored src, float[] weights, float? scale)
    {
        using DeviceArena memory = new(Backend);
        ConvolutionPlan plan = Backend.Convolution(Geometry(geometry));
        Tensor dst = memory.Tensor(plan.Geometry.Type, plan.Geometry.Output);
        plan.Forward(memory.Tensor(src, plan.Geometry.Input), Pack(memory, plan, weights, scale), dst);
        return memory.Read(dst);
    }

    internal virtual float[] ConvolutionDgrad(
        CpuConvolutionGeometry geometry, Stored diffDst, float[] weights, float? scale)
    {
        using DeviceArena memory = new(Backend);
        ConvolutionPlan plan = Backend.Convolution(Geometry(geometry));
        Tensor diffSrc = memory.Tensor(plan.Geometry.Type, plan.Geometry.Input);
        plan.BackwardData(memory.Tensor(diffDst, plan.Geometry.Output), Pack(memory, plan, weights, scale), diffSrc);
        return memory.Read(diffSrc);
    }

    internal virtual float[] ConvolutionWgrad(CpuConvolutionGeometry geometry, Stored src, Stored diffDst)
    {
        using DeviceArena memory = new(Backend);
        ConvolutionPlan plan = Backend.Convolution(Geometry(geometry));
        Tensor diffWeights = memory.Tensor(ElementType.Float32, plan.Geometry.Weights);
        Tensor dy = memory.Tensor(diffDst, plan.Geometry.Output);
        plan.BackwardWeights(memory.Tensor(src, plan.Geometry.Input), dy, diffWeights);
        return memory.Read(diffWeights);
    }

    private static Tensor Pack(DeviceArena memory, ConvolutionPlan plan, float[] weights, float? scale)
    {
        Tensor packed = memory.Bytes(new Shape(checked((int)plan.PackedBytes)));
        plan.Pack(memory.Floats(weights, plan.Geometry.Weights), memory.Scalar(scale), packed);
        return packed;
    }

    private static ConvolutionGeometry Geometry(in CpuConvolutionGeometry geometry) => new(
        Shapes.Activations(Shapes.Shape(geometry.Batch, geometry.InChannels, geometry.Input[..geometry.Rank])),
        (int)geometry.OutChannels,
        AxesOf(geometry.Kernel, geometry.Rank),
        AxesOf(geometry.Stride, geometry.Rank),
        AxesOf(geometry.Padding, geometry.Rank),
        (int)geometry.Groups,
        (ElementType)geometry.Type);

    private static Axes AxesOf(in Extents values, int rank) =>
        Axes.Of([.. values[..rank].ToArray().Select(value => (int)value)]);
}
