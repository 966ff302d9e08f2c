using RevUp.Interop.Cuda;
using RevUp.Interop.Cudnn;
using RevUp.Tensors;

namespace RevUp.Backends.Cuda;

/// <summary>
/// A cuDNN convolution of one geometry. cuDNN takes the weights as they are, [O, (kD), kH, kW, I / groups], so packing only scales them and rounds them to the
/// geometry's type. In bfloat16 wgrad gives bfloat16, the only type that cuDNN has for it, and dw is that, widened.
/// </summary>
internal sealed class CudaConvolution : ConvolutionPlan, IDisposable
{
    private const long WorkspaceLimit = 1L << 30;
    private const int ShareOfMemory = 4;

    private readonly Arena _memory;
    private readonly KernelTable _kernels;
    private readonly KernelLauncher _launcher;
    private readonly CudnnConvolution _convolution;

    public CudaConvolution(ConvolutionGeometry geometry, CudnnHandle cudnn, bool tf32, Arena memory, KernelTable kernels, KernelLauncher launcher)
        : base(geometry)
    {
        _memory = memory;
        _kernels = kernels;
        _launcher = launcher;
        int rank = geometry.Input.SpatialRank;
        Span<int> input = stackalloc int[rank];
        for (int axis = 0; axis < rank; axis++)
        {
            input[axis] = geometry.Input.Extent(axis);
        }
        CudnnGeometry native = new()
        {
            Type = IsFloat32 ? CudnnDataType.Float32 : CudnnDataType.BFloat16,
            MathType = !IsFloat32 ? CudnnMathType.TensorOp : tf32 ? CudnnMathType.Default : CudnnMathType.Fma,
            Batch = geometry.Input.Batch,
            InChannels = geometry.Input.Channels,
            OutChannels = geometry.OutputChannels,
            Groups = geometry.Groups,
            Input = input,
            Kernel = Repeat(geometry.Kernel, stackalloc int[rank]),
            Stride = Repeat(geometry.Stride, stackalloc int[rank]),
            Padding = Repeat(geometry.Padding, stackalloc int[rank]),
        };
        try
        {
            _convolution = new CudnnConvolution(cudnn, native, Math.Min(WorkspaceLimit, memory.Capacity / ShareOfMemory));
        }
        catch (ArgumentException exception)
        {
            // The batch or the image is larger than cuDNN can address: a setting's fault, not the program's.
            throw new ConfigurationException(exception.Message);
        }
    }

    public override long PackedBytes => Geometry.Weights.Count * Geometry.Type.Size();

    public override bool TakesPlainWeights => IsFloat32;

    private bool IsFloat32 => Geometry.Type == ElementType.Float32;

    public override void Pack(Tensor weights, Tensor scale, Tensor packed) =>
        _launcher.Elementwise(IsFloat32 ? _kernels.Scale : _kernels.ScaleToBFloat16, weights.Count, [weights.Count, scale, weights, packed]);

    public override void Forward(Tensor x, Tensor packed, Tensor y)
    {
        using Workspace workspace = new(_memory, _convolution.ForwardWorkspaceBytes);
        _convolution.Forward(Pointer(x), Pointer(packed), Pointer(y), workspace.Pointer);
    }

    public override void BackwardData(Tensor dy, Tensor packed, Tensor dx)
    {
        using Workspace workspace = new(_memory, _convolution.BackwardDataWorkspaceBytes);
        _convolution.BackwardData(Pointer(dy), Pointer(packed), Pointer(dx), workspace.Pointer);
    }

    public override void BackwardWeights(Tensor x, Tensor dy, Tensor dw)
    {
        using Workspace workspace = new(_memory, _convolution.BackwardFilterWorkspaceBytes);
        if (IsFloat32)
        {
            _convolution.BackwardFilter(Pointer(x), Pointer(dy), Pointer(dw), workspace.Pointer);
            return;
        }
        using Workspace narrow = new(_memory, PackedBytes);
        _convolution.BackwardFilter(Pointer(x), Pointer(dy), narrow.Pointer, workspace.Pointer);
        _launcher.Elementwise(_kernels.CastToFloat32, dw.Count, [dw.Count, narrow.Pointer.Address, dw]);
    }

    public void Dispose() => _convolution.Dispose();

    private static DevicePointer Pointer(Tensor tensor) => DeviceQueue.Pointer(tensor);

    private static Span<int> Repeat(int value, Span<int> values)
    {
        values.Fill(value);
        return values;
    }
}
