using RevUp.Interop;
using RevUp.Interop.Cuda;
using RevUp.Interop.Cudnn;
using RevUp.Tensors;

namespace RevUp.Backends.Cuda;

/// <summary>
/// A cuDNN convolution of one geometry. cuDNN takes the weights as they are, [O, (kD), kH, kW, I /
/// groups], so packing only scales them and rounds them to the convolution's type. In bfloat16
/// wgrad gives bfloat16, the only type that cuDNN has for it; a dw of float32 is that, widened. Where cuDNN
/// has no deterministic algorithm for a bfloat16 geometry in all of its passes, all of them are
/// done in float32 on widened copies: slower, and never less precise.
/// </summary>
internal sealed class CudaConvolution : ConvolutionPlan, IDisposable
{
    private const long WorkspaceLimit = 1L << 30;
    private const int ShareOfMemory = 4;

    // cuDNN 9's codes of what is valid but not supported; those in between say why.
    private const int NotSupported = (int)CudnnStatus.NotSupported;
    private const int AfterNotSupported = (int)CudnnStatus.InternalError;

    private readonly DeviceQueue _queue;
    private readonly Arena _memory;
    private readonly KernelTable _kernels;
    private readonly KernelLauncher _launcher;
    private readonly ElementType _type;
    private readonly CudnnConvolution _convolution;

    public CudaConvolution(
        ConvolutionGeometry geometry, CudnnHandle cudnn, DeviceQueue queue, Arena memory, KernelTable kernels,
        KernelLauncher launcher)
        : base(geometry)
    {
        _queue = queue;
        _memory = memory;
        _kernels = kernels;
        _launcher = launcher;
        _type = geometry.Type;
        try
        {
            _convolution = Create(cudnn, geometry.Tf32);
        }
        catch (NativeException exception) when (
            _type == ElementType.BFloat16 && exception.Status is CudnnStatus status
                && (int)status is >= NotSupported and < AfterNotSupported)
        {
            // Numbers of bfloat16 are numbers of TF32 as well, so that allowing it costs the
            // activations nothing.
            _type = ElementType.Float32;
            _convolution = Create(cudnn, tf32: true);
        }
    }

    public override long PackedBytes => Geometry.Weights.Count * _type.Size();

    public override bool TakesPlainWeights => _type == ElementType.Float32;

    public override bool TakesCopies => !IsWidened;

    private bool IsWidened => _type != Geometry.Type;

    public override void Pack(Tensor weights, Tensor scale, Tensor packed) =>
        _launcher.Elementwise(
            TakesPlainWeights ? _kernels.ScaleF32 : _kernels.ScaleF32Bf16, weights.Count,
            [weights.Count, scale, weights, packed]);

    public override void Forward(Tensor x, Tensor packed, Tensor y)
    {
        using Workspace workspace = new(_memory, _convolution.ForwardWorkspaceBytes);
        using Workspace wideX = Widened(x);
        using Workspace wideY = Widened(y);
        _convolution.Forward(Read(x, wideX), Pointer(packed), Place(y, wideY), workspace.Pointer);
        Issued("fprop");
        Round(wideY, y);
    }

    public override void BackwardData(Tensor dy, Tensor packed, Tensor dx)
    {
        using Workspace workspace = new(_memory, _convolution.BackwardDataWorkspaceBytes);
        using Workspace wideDy = Widened(dy);
        using Workspace wideDx = Widened(dx);
        _convolution.BackwardData(Read(dy, wideDy), Pointer(packed), Place(dx, wideDx), workspace.Pointer);
        Issued("dgrad");
        Round(wideDx, dx);
    }

    public override void BackwardWeights(Tensor x, Tensor dy, Tensor dw)
    {
        using Workspace workspace = new(_memory, _convolution.BackwardFilterWorkspaceBytes);
        using Workspace wideX = Widened(x);
        using Workspace wideDy = Widened(dy);
        using Workspace other = new(_memory, dw.Type == _type ? 0 : PackedBytes);
        DevicePointer result = dw.Type == _type ? Pointer(dw) : other.Pointer;
        _convolution.BackwardFilter(Read(x, wideX), Read(dy, wideDy), result, workspace.Pointer);
        Issued("wgrad");
        if (dw.Type != _type)
        {
            _launcher.Elementwise(
                dw.Type == ElementType.Float32 ? _kernels.CastBf16F32 : _kernels.CastF32Bf16, dw.Count,
                [dw.Count, other.Pointer.Address, dw]);
        }
    }

    public void Dispose() => _convolution.Dispose();

    private void Issued(string pass)
    {
        _queue.Issued(_queue.WaitsForEach ? $"{pass} of {Geometry.Input} with {Geometry.Weights}" : pass);
    }

    private static DevicePointer Pointer(Tensor tensor) => DeviceQueue.Pointer(tensor);

    private static Span<int> Fill(Axes axes, Span<int> values)
    {
        for (int axis = 0; axis < values.Length; axis++)
        {
            values[axis] = axes[axis];
        }
        return values;
    }

    private CudnnConvolution Create(CudnnHandle cudnn, bool tf32)
    {
        bool isFloat32 = _type == ElementType.Float32;
        int rank = Geometry.Input.SpatialRank;
        Span<int> input = stackalloc int[rank];
        for (int axis = 0; axis < rank; axis++)
        {
            input[axis] = Geometry.Input.Extent(axis);
        }
        CudnnGeometry native = new()
        {
            Type = isFloat32 ? CudnnDataType.Float32 : CudnnDataType.BFloat16,
            MathType = !isFloat32 ? CudnnMathType.TensorOp : tf32 ? CudnnMathType.Default : CudnnMathType.Fma,
            Batch = Geometry.Input.Batch,
            InChannels = Geometry.Input.Channels,
            OutChannels = Geometry.OutputChannels,
            Groups = Geometry.Groups,
            Input = input,
            Kernel = Fill(Geometry.Kernel, stackalloc int[rank]),
            Stride = Fill(Geometry.Stride, stackalloc int[rank]),
            Padding = Fill(Geometry.Padding, stackalloc int[rank]),
        };
        if (CudnnDefects.Find(CudnnLibrary.Version, native) is { } defect)
        {
            throw new ConfigurationException(defect + ".");
        }
        try
        {
            return new CudnnConvolution(cudnn, native, Math.Min(WorkspaceLimit, _memory.Capacity / ShareOfMemory));
        }
        catch (ArgumentException exception)
        {
            // The batch or the image is larger than cuDNN can address: a setting's fault, not the
            // program's.
            throw new ConfigurationException(exception.Message);
        }
    }

    /// <summary>Room for a widened copy, or none where cuDNN takes the tensor itself.</summary>
    private Workspace Widened(Tensor tensor) => new(_memory, IsWidened ? tensor.Count * sizeof(float) : 0);

    private DevicePointer Place(Tensor tensor, Workspace widened) => IsWidened ? widened.Pointer : Pointer(tensor);

    private DevicePointer Read(Tensor tensor, Workspace widened)
    {
        if (IsWidened)
        {
            _launcher.Elementwise(_kernels.CastBf16F32, tensor.Count, [tensor.Count, tensor, widened.Pointer.Address]);
        }
        return Place(tensor, widened);
    }

    private void Round(Workspace widened, Tensor tensor)
    {
        if (IsWidened)
        {
            _launcher.Elementwise(_kernels.CastF32Bf16, tensor.Count, [tensor.Count, widened.Pointer.Address, tensor]);
        }
    }
}
