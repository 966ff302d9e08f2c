using RevUp.Interop;
using RevUp.Interop.Cudnn;
using RevUp.Tensors;

namespace RevUp.Backends.Cuda;

/// <summary>
/// Compares a pass fused with the operation behind it with the two apart, on the numbers of
/// <see cref="ConvolutionProof"/>. With φ the identity, a = b = 0, s = 1 and a stream of zeros, the
/// fused pass leaves the convolution itself in the geometry's type, which is checked as there.
/// </summary>
internal sealed class FusionTrial : IDisposable
{
    private readonly ConvolutionDevice _device;
    private readonly ConvolutionGeometry _geometry;
    private readonly ConvolutionFusion _fusion;
    private readonly ConvolutionPasses _passes;
    private readonly ProofMemory _memory;
    private readonly Tensor _first;
    private readonly Tensor _weights;
    private readonly Tensor _result;
    private readonly Tensor _stream; // float32
    private readonly Tensor _p;
    private readonly Tensor _one;
    private readonly Tensor _zeros;

    private FusionTrial(
        ConvolutionFusion fusion, ConvolutionDevice device, ConvolutionGeometry geometry, ConvolutionPasses passes,
        ProofMemory memory)
    {
        (_fusion, _device, _geometry, _passes, _memory) = (fusion, device, geometry, passes, memory);
        (Shape from, Shape to) = Shapes(fusion, geometry);
        (bool hasStream, bool hasP) = Operands(fusion);
        _first = memory.Tensor(0, geometry.Type, from);
        _weights = memory.Tensor(1, geometry.Type, geometry.Weights);
        _result = memory.Tensor(2, geometry.Type, to);
        memory.FillNumbers(0, _first.Count, geometry);
        memory.FillNumbers(1, _weights.Count, geometry);
        memory.Fill(2, byte.MaxValue, _result.Bytes);
        if (hasStream)
        {
            _stream = memory.Tensor(5, ElementType.Float32, to);
            memory.Fill(5, 0, _stream.Bytes);
        }
        if (hasP)
        {
            _p = memory.Tensor(6, geometry.Type, to);
            memory.Fill(6, 0, _p.Bytes);
        }
        _one = memory.Tensor(7, ElementType.Float32, new Shape(1));
        device.Staging.Upload<float>([1], memory[7], device.Queue.Stream);
        _zeros = memory.Tensor(8, ElementType.Float32, new Shape(2));
        memory.Fill(8, 0, _zeros.Bytes);
    }

    private ScalarActivation Identity => new(
        Activation.Identity, _zeros.Scalar(0), _zeros.Scalar(0), _zeros.Scalar(1), _zeros.Scalar(1));

    /// <summary>Whether a pass is to be fused.</summary>
    /// <param name="fusion">The operation behind the pass.</param>
    /// <param name="device">The device.</param>
    /// <param name="geometry">The convolution.</param>
    /// <param name="passes">Runs its passes.</param>
    /// <param name="algorithm">The library's for the pass; null for our own.</param>
    public static bool Choose(
        ConvolutionFusion fusion, ConvolutionDevice device, ConvolutionGeometry geometry, ConvolutionPasses passes,
        CudnnAlgorithm? algorithm)
    {
        FusionRule rule = device.Options.Fusions;
        if (rule == FusionRule.Never
            || (fusion != ConvolutionFusion.Stream && geometry.Type != ElementType.BFloat16))
        {
            return false;
        }
        string convolution = $"{Name(fusion)} of {passes.Native.ToString()}";
        bool isTimed = rule == FusionRule.ByTime && algorithm is not null;
        if (isTimed && device.Choices.IsFused(convolution) is { } known)
        {
            return known;
        }
        // Nothing can be computed and looked at while work is recorded.
        using FusionTrial? trial = device.Queue.IsRecording
            ? null
            : Create(fusion, device, geometry, passes, algorithm?.WorkspaceBytes ?? 0);
        if (trial is null)
        {
            device.Options.Say(
                $"{convolution} is not tried: the device has not enough memory beside the tensors, or records a "
                + "graph. They stay two operations.");
            return false;
        }
        if (trial.Wrong() is > 0 and var wrong)
        {
            device.Options.Say(
                $"RevUp's own {convolution} is wrong in {wrong} of {ConvolutionProof.Samples} sampled results, and is "
                + "not used.");
            return false;
        }
        if (!isTimed)
        {
            return true;
        }
        bool isFaster = ConvolutionProof.Milliseconds(device, trial.Run)
            < ConvolutionProof.Milliseconds(device, () => trial.RunApart(algorithm));
        device.Choices.Add(convolution, isFaster);
        return isFaster;
    }

    /// <summary>The pass that an operation is behind.</summary>
    public static ConvolutionPass Pass(ConvolutionFusion fusion) =>
        fusion is ConvolutionFusion.Stream or ConvolutionFusion.Activation
            ? ConvolutionPass.Forward
            : ConvolutionPass.BackwardData;

    public void Dispose() => _memory.Dispose();

    private static FusionTrial? Create(
        ConvolutionFusion fusion, ConvolutionDevice device, ConvolutionGeometry geometry, ConvolutionPasses passes,
        long workspaceBytes)
    {
        (Shape from, Shape to) = Shapes(fusion, geometry);
        (bool hasStream, bool hasP) = Operands(fusion);
        int size = geometry.Type.Size();
        ProofMemory? memory = ProofMemory.Take(
            device,
            [
                from.Count * size, geometry.Weights.Count * size, to.Count * size,
                ConvolutionProof.Samples * sizeof(float),
                Math.Max(workspaceBytes, Math.Max(passes.Own.ForwardSumBytes, passes.Own.BackwardSumBytes)),
                hasStream ? to.Count * sizeof(float) : 1,
                hasP ? to.Count * size : 1,
                sizeof(float), 2 * sizeof(float),
            ]);
        return memory is null ? null : new FusionTrial(fusion, device, geometry, passes, memory);
    }

    private static (Shape From, Shape To) Shapes(ConvolutionFusion fusion, ConvolutionGeometry geometry) =>
        Pass(fusion) == ConvolutionPass.BackwardData
            ? (geometry.Output, geometry.Input)
            : (geometry.Input, geometry.Output);

    private static (bool HasStream, bool HasP) Operands(ConvolutionFusion fusion) => (
        fusion is ConvolutionFusion.Stream or ConvolutionFusion.StreamGradient,
        Pass(fusion) == ConvolutionPass.BackwardData);

    private static string Name(ConvolutionFusion fusion) => fusion switch
    {
        ConvolutionFusion.Stream => "fprop with the residual add",
        ConvolutionFusion.Activation => "fprop with the preactivation",
        ConvolutionFusion.Gradient => "dgrad with the preactivation's gradient",
        _ => "dgrad with the gradient of the stream",
    };

    private int Wrong()
    {
        Run();
        return ConvolutionProof.Wrong(_device, _geometry, Pass(_fusion), _passes.Own, _memory);
    }

    private void Run()
    {
        switch (_fusion)
        {
            case ConvolutionFusion.Stream:
                _passes.Own.ForwardAdd(_first, _weights, _stream, _one, _stream, Identity, _result);
                break;
            case ConvolutionFusion.Activation:
                _passes.Own.ForwardActivated(_first, _weights, Identity, _result);
                break;
            case ConvolutionFusion.Gradient:
                _passes.Own.BackwardActivated(
                    _first, _weights, Identity, _p, default, default, _result, default, _memory[4], _device.Counter);
                break;
            default:
                _passes.Own.BackwardActivated(
                    _first, _weights, Identity, _p, default, _stream, _stream, _result, _memory[4], _device.Counter);
                break;
        }
    }

    private void RunApart(CudnnAlgorithm? algorithm)
    {
        _passes.Run(
            Pass(_fusion), algorithm, _memory[0], _memory[1], _memory[2], _memory[4]);
        long count = _result.Count;
        Tensor a = _zeros.Scalar(0);
        KernelTable kernels = _device.Kernels;
        switch (_fusion)
        {
            case ConvolutionFusion.Stream when _geometry.Type == ElementType.BFloat16:
                _device.Launcher.Elementwise(
                    kernels.ResidualAddAhead, count, [count, _stream, _result, _one, _stream, 0L, a, a, _result]);
                break;
            case ConvolutionFusion.Stream:
                _device.Launcher.Elementwise(
                    kernels.ResidualAdd(_geometry.Type), count, [count, _stream, _result, _one, _stream]);
                break;
            case ConvolutionFusion.Activation:
                _device.Launcher.Elementwise(
                    kernels.PreactivationForward(_geometry.Type, _geometry.Type), count,
                    [count, 0L, _result, a, a, _result]);
                break;
            default:
                // Without its sums, which take little.
                _device.Launcher.Elementwise(
                    kernels.PreactivationGradient(_stream.IsEmpty ? _p.Type : _stream.Type), count,
                    [
                        count, 0L, _p, a, _result, _one, _stream, _stream.IsEmpty ? _p : _stream,
                        _stream.IsEmpty ? default : _result, default(Tensor), default(Tensor), 0UL, _device.Counter,
                    ]);
                break;
        }
    }
}
