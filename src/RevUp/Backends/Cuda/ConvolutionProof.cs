using RevUp.Interop;
using RevUp.Interop.Cuda;
using RevUp.Interop.Cudnn;
using RevUp.Tensors;

namespace RevUp.Backends.Cuda;

/// <summary>
/// Runs a pass on numbers of its own and compares sampled results with the naive sum of their
/// products. The numbers are -1, 0 and 1, whose products and sums float32, TF32 and bfloat16 have
/// exactly in any order. Exact float32 gets one operand with 13 bits, which TF32 would round. So a
/// result may be off by its rounding to bfloat16, and by what the transforms of Winograd's
/// algorithm cost: 2.8e-4 where magnitudes sum to 144 (Lavin and Gray, arXiv 1509.09308, table 3,
/// F(4x4, 3x3)), of which 2⁻¹⁸ is twice as much.
/// </summary>
internal sealed class ConvolutionProof : IDisposable
{
    /// <summary>Results that are looked at.</summary>
    public const int Samples = 256;

    private const int TimedRuns = 3;
    private const double OfMagnitude = 1.0 / (1 << 18);
    private const double BFloat16Spacing = 1.0 / (1 << 8);

    private readonly ConvolutionDevice _device;
    private readonly ConvolutionGeometry _geometry;
    private readonly ConvolutionPass _pass;
    private readonly ConvolutionPasses _passes;
    private readonly ProofMemory _memory;
    private readonly long _resultBytes;

    private ConvolutionProof(
        ConvolutionDevice device, ConvolutionGeometry geometry, ConvolutionPass pass, ConvolutionPasses passes,
        ProofMemory memory, long resultBytes)
    {
        (_device, _geometry, _pass, _passes) = (device, geometry, pass, passes);
        (_memory, _resultBytes) = (memory, resultBytes);
        (long first, long second, _) = Counts(geometry, pass);
        memory.FillNumbers(0, first, geometry);
        memory.FillNumbers(1, second, geometry);
    }

    /// <summary>
    /// A proof in memory of its own; null where the device has not enough.
    /// </summary>
    /// <param name="device">The device.</param>
    /// <param name="geometry">The convolution.</param>
    /// <param name="pass">The pass to prove.</param>
    /// <param name="passes">Runs it.</param>
    /// <param name="workspaceBytes">The largest workspace of the algorithms.</param>
    public static ConvolutionProof? Create(
        ConvolutionDevice device, ConvolutionGeometry geometry, ConvolutionPass pass, ConvolutionPasses passes,
        long workspaceBytes)
    {
        (long first, long second, long result) = Counts(geometry, pass);
        int size = geometry.Type.Size();
        long resultBytes = result * (pass == ConvolutionPass.BackwardWeights ? sizeof(float) : size);
        ProofMemory? memory = ProofMemory.Take(
            device, [first * size, second * size, resultBytes, Samples * sizeof(float), workspaceBytes]);
        return memory is null ? null : new ConvolutionProof(device, geometry, pass, passes, memory, resultBytes);
    }

    /// <summary>The number of sampled results of a pass that are wrong.</summary>
    /// <param name="device">The device.</param>
    /// <param name="geometry">The convolution.</param>
    /// <param name="pass">The pass.</param>
    /// <param name="own">Checks it.</param>
    /// <param name="memory">Operands, result and samples in its first four places.</param>
    public static int Wrong(
        ConvolutionDevice device, ConvolutionGeometry geometry, ConvolutionPass pass, OwnConvolution own,
        ProofMemory memory)
    {
        double relative = geometry.Type == ElementType.BFloat16 ? BFloat16Spacing : 0;
        own.Check(pass, memory[0], memory[1], memory[2], (relative, OfMagnitude), Samples, memory[3]);
        float[] flags = new float[Samples];
        device.Staging.Download<float>(memory[3], flags);
        return flags.Count(flag => flag != 0);
    }

    /// <summary>The least time of a few runs, by the device's clock, in milliseconds.</summary>
    public static double Milliseconds(ConvolutionDevice device, Action run)
    {
        ICudaDriver driver = device.Queue.Driver;
        CudaEvent start = driver.CreateEvent(timing: true), end = driver.CreateEvent(timing: true);
        double least = double.PositiveInfinity;
        for (int i = 0; i < TimedRuns; i++)
        {
            driver.Record(start, device.Queue.Stream);
            run();
            driver.Record(end, device.Queue.Stream);
            driver.Synchronize(end);
            least = Math.Min(least, driver.ElapsedMilliseconds(start, end));
        }
        driver.Destroy(start);
        driver.Destroy(end);
        return least;
    }

    /// <summary>
    /// Reason not to use an algorithm: "is wrong ..." or "fails ..."; null if there is none.
    /// </summary>
    /// <param name="algorithm">Null for our own.</param>
    public string? Problem(CudnnAlgorithm? algorithm)
    {
        // NaN, which a result that nobody writes keeps.
        _memory.Fill(2, byte.MaxValue, _resultBytes);
        try
        {
            Run(algorithm);
        }
        catch (NativeException exception) when (exception.Status is CudnnStatus status)
        {
            return $"fails with {status}";
        }
        int wrong = Wrong(_device, _geometry, _pass, _passes.Own, _memory);
        return wrong == 0 ? null : $"is wrong in {wrong} of {Samples} sampled results";
    }

    /// <summary>The time of an algorithm, in milliseconds.</summary>
    public double Milliseconds(CudnnAlgorithm algorithm) => Milliseconds(_device, () => Run(algorithm));

    public void Dispose() => _memory.Dispose();

    private static (long First, long Second, long Result) Counts(ConvolutionGeometry geometry, ConvolutionPass pass)
    {
        (long x, long w, long y) = (geometry.Input.Count, geometry.Weights.Count, geometry.Output.Count);
        return pass switch
        {
            ConvolutionPass.Forward => (x, w, y),
            ConvolutionPass.BackwardData => (y, w, x),
            _ => (x, y, w),
        };
    }

    private void Run(CudnnAlgorithm? algorithm) =>
        _passes.Run(_pass, algorithm, _memory[0], _memory[1], _memory[2], _memory[4]);
}
