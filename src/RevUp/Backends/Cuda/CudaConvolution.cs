using RevUp.Interop;
using RevUp.Interop.Cudnn;
using RevUp.Tensors;

namespace RevUp.Backends.Cuda;

/// <summary>
/// A convolution of one geometry: for each pass an algorithm of cuDNN that proved itself, or our
/// own kernels. All of them take the weights as they are, [O, (kD), kH, kW, I / groups], so packing
/// only scales them and rounds them to the convolution's type.
/// </summary>
internal sealed partial class CudaConvolution : ConvolutionPlan, IDisposable
{
    private readonly ConvolutionDevice _device;
    private readonly ConvolutionPasses _passes;
    private readonly CudnnAlgorithm?[] _algorithms = new CudnnAlgorithm?[3];

    public CudaConvolution(ConvolutionGeometry geometry, ConvolutionDevice device)
        : base(geometry)
    {
        _device = device;
        _passes = new ConvolutionPasses(device, geometry);
        try
        {
            ConvolutionSelection selection = new(device, geometry, _passes);
            for (int pass = 0; pass < (geometry.IsForwardAlone ? 1 : _algorithms.Length); pass++)
            {
                _algorithms[pass] = selection.Choose((ConvolutionPass)pass);
            }
        }
        catch
        {
            _passes.Dispose();
            throw;
        }
    }

    public override long PackedBytes => Geometry.Weights.Count * Geometry.Type.Size();

    public override bool TakesPlainWeights => Geometry.Type == ElementType.Float32;

    public override bool TakesCopies => true;

    /// <summary>The algorithm of a pass; null for our own.</summary>
    public CudnnAlgorithm? Algorithm(ConvolutionPass pass) => _algorithms[(int)pass];

    public override void Pack(Tensor weights, Tensor scale, Tensor packed) =>
        _device.Launcher.Elementwise(
            TakesPlainWeights ? _device.Kernels.ScaleF32 : _device.Kernels.ScaleF32Bf16, weights.Count,
            [weights.Count, scale, weights, packed]);

    public override void Forward(Tensor x, Tensor packed, Tensor y) => Run(ConvolutionPass.Forward, x, packed, y);

    public override void BackwardData(Tensor dy, Tensor packed, Tensor dx) =>
        Run(ConvolutionPass.BackwardData, dy, packed, dx);

    public override void BackwardWeights(Tensor x, Tensor dy, Tensor dw) =>
        Run(ConvolutionPass.BackwardWeights, x, dy, dw);

    public void Dispose() => _passes.Dispose();

    private void Run(ConvolutionPass pass, Tensor first, Tensor second, Tensor result)
    {
        CudnnAlgorithm? algorithm = Algorithm(pass);
        bool isNarrow = pass == ConvolutionPass.BackwardWeights && result.Type == ElementType.BFloat16;
        using Workspace workspace = new(_device.Memory, _passes.WorkspaceBytes(pass, algorithm, isNarrow));
        _passes.Run(
            pass, algorithm, DeviceQueue.Pointer(first), DeviceQueue.Pointer(second), DeviceQueue.Pointer(result),
            workspace.Pointer, isNarrow);
        string name = ConvolutionSelection.Name(pass);
        _device.Queue.Issued(
            _device.Queue.WaitsForEach ? $"{name} of {Geometry.Input} with {Geometry.Weights}" : name);
    }
}
