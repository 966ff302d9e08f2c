using RevUp.Interop;
using RevUp.Interop.Cuda;
using RevUp.Interop.Cudnn;
using RevUp.Tensors;

namespace RevUp.Backends.Cuda;

/// <summary>
/// The passes of one geometry with any algorithm of cuDNN, or with our own where none is given. All
/// take the weights as they are, [O, (kD), kH, kW, I / groups], in the geometry's type, and give dw
/// in float32 or in the geometry's type. In bfloat16 cuDNN gives dw in bfloat16, which is widened
/// for the former; ours give float32, which is rounded for the latter.
/// </summary>
internal sealed class ConvolutionPasses : IDisposable
{
    private const long WorkspaceAlignment = 256;

    private readonly ConvolutionDevice _device;
    private readonly ConvolutionGeometry _geometry;
    private readonly CudnnConvolution? _cudnn;

    public ConvolutionPasses(ConvolutionDevice device, ConvolutionGeometry geometry)
    {
        _device = device;
        _geometry = geometry;
        Own = new OwnConvolution(
            geometry, device.Kernels, device.Launcher, device.Queue.Driver.Device.Multiprocessors,
            device.WorkspaceLimit);
        if (device.Cudnn is null || device.Options.OwnAlone)
        {
            return;
        }
        CudnnGeometry native = Native;
        if (CudnnDefects.Find(CudnnLibrary.Version, native) is { } defect)
        {
            device.Options.Say($"{defect}. RevUp's own convolutions, which are slower, take their place.");
            return;
        }
        try
        {
            _cudnn = new CudnnConvolution(device.Cudnn, native);
        }
        catch (Exception exception) when (exception is NativeException or ArgumentException)
        {
            device.Options.Say(
                $"cuDNN refuses {native.ToString()}: {exception.Message} RevUp's own convolution takes its place.");
        }
    }

    /// <summary>The passes on our own kernels.</summary>
    public OwnConvolution Own { get; }

    /// <summary>The geometry as cuDNN takes it.</summary>
    public CudnnGeometry Native => new()
    {
        Type = _geometry.Type == ElementType.Float32 ? CudnnDataType.Float32 : CudnnDataType.BFloat16,
        MathType = _geometry.Type != ElementType.Float32 ? CudnnMathType.TensorOp
            : _geometry.Tf32 ? CudnnMathType.Default : CudnnMathType.Fma,
        Batch = _geometry.Input.Batch,
        InChannels = _geometry.Input.Channels,
        OutChannels = _geometry.OutputChannels,
        Groups = _geometry.Groups,
        Input = Numbers(_geometry.Input.Extent),
        Kernel = Numbers(axis => _geometry.Kernel[axis]),
        Stride = Numbers(axis => _geometry.Stride[axis]),
        Padding = Numbers(axis => _geometry.Padding[axis]),
    };

    /// <summary>Whether cuDNN takes the geometry.</summary>
    public bool HasCudnn => _cudnn is not null;

    private bool IsNarrow => _geometry.Type == ElementType.BFloat16;

    /// <summary>The algorithms that cuDNN has for a pass; none where it is left out.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="least">
    /// The least workspace of those that want more than the limit, in bytes; 0 where none does.
    /// </param>
    public IReadOnlyList<CudnnAlgorithm> Algorithms(ConvolutionPass pass, out long least)
    {
        least = 0;
        try
        {
            return _cudnn?.Algorithms(pass, Native, _device.WorkspaceLimit, out least) ?? [];
        }
        catch (NativeException exception) when (exception.Status is CudnnStatus)
        {
            return [];
        }
    }

    /// <summary>Bytes of workspace of a pass.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="algorithm">Null for our own.</param>
    /// <param name="isNarrow">Whether dw is wanted in bfloat16.</param>
    public long WorkspaceBytes(ConvolutionPass pass, CudnnAlgorithm? algorithm, bool isNarrow = false) =>
        pass != ConvolutionPass.BackwardWeights
            ? algorithm?.WorkspaceBytes ?? 0
            : (IsConverted(algorithm, isNarrow) ? OtherBytes(algorithm) : 0)
                + (algorithm?.WorkspaceBytes ?? Own.BackwardWeightsWorkspaceBytes);

    /// <summary>One pass.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="algorithm">Null for our own.</param>
    /// <param name="first">x, or dy for dgrad.</param>
    /// <param name="second">w, or dy for wgrad.</param>
    /// <param name="result">Overwritten.</param>
    /// <param name="workspace">Of <see cref="WorkspaceBytes"/>.</param>
    /// <param name="isNarrow">Whether dw is wanted in bfloat16.</param>
    public void Run(
        ConvolutionPass pass, CudnnAlgorithm? algorithm, DevicePointer first, DevicePointer second,
        DevicePointer result, DevicePointer workspace, bool isNarrow = false)
    {
        if (pass != ConvolutionPass.BackwardWeights || !IsConverted(algorithm, isNarrow))
        {
            RunOne(pass, algorithm, first, second, result, workspace);
            return;
        }
        DevicePointer rest = new(workspace.Address + (ulong)OtherBytes(algorithm));
        bool isWhole = WorkspaceBytes(pass, algorithm, isNarrow) == OtherBytes(algorithm);
        RunOne(pass, algorithm, first, second, workspace, isWhole ? default : rest);
        long count = _geometry.Weights.Count;
        _device.Launcher.Elementwise(
            isNarrow ? _device.Kernels.CastF32Bf16 : _device.Kernels.CastBf16F32, count,
            [count, workspace.Address, result.Address]);
    }

    public void Dispose() => _cudnn?.Dispose();

    // dw as the algorithm gives it is of the other type, and comes first in the workspace.
    private bool IsConverted(CudnnAlgorithm? algorithm, bool isNarrow) =>
        algorithm is null ? isNarrow : IsNarrow && !isNarrow;

    private long OtherBytes(CudnnAlgorithm? algorithm)
    {
        ElementType type = algorithm is null ? ElementType.Float32 : ElementType.BFloat16;
        return (_geometry.Weights.Count * type.Size() + WorkspaceAlignment - 1) / WorkspaceAlignment
            * WorkspaceAlignment;
    }

    private int[] Numbers(Func<int, int> of) => [.. Enumerable.Range(0, _geometry.Input.SpatialRank).Select(of)];

    private void RunOne(
        ConvolutionPass pass, CudnnAlgorithm? algorithm, DevicePointer first, DevicePointer second,
        DevicePointer result, DevicePointer workspace)
    {
        switch (pass, algorithm)
        {
            case (ConvolutionPass.Forward, null):
                Own.Forward(first, second, result);
                break;
            case (ConvolutionPass.BackwardData, null):
                Own.BackwardData(first, second, result);
                break;
            case (_, null):
                Own.BackwardWeights(first, second, result, workspace);
                break;
            case (ConvolutionPass.Forward, { } chosen):
                _cudnn!.Forward(chosen, first, second, result, workspace);
                break;
            case (ConvolutionPass.BackwardData, { } chosen):
                _cudnn!.BackwardData(chosen, first, second, result, workspace);
                break;
            case (_, { } chosen):
                _cudnn!.BackwardWeights(chosen, first, second, result, workspace);
                break;
        }
    }
}
