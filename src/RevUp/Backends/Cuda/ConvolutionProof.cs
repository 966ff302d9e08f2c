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
    private const int Samples = 256;
    private const int TimedRuns = 3;
    private const double OfMagnitude = 1.0 / (1 << 18);
    private const double BFloat16Spacing = 1.0 / (1 << 8);
    private const float ThirteenBits = 1 + 1f / (1 << 12);
    private const long Alignment = 256;

    private readonly ConvolutionDevice _device;
    private readonly ConvolutionGeometry _geometry;
    private readonly ConvolutionPass _pass;
    private readonly ConvolutionPasses _passes;
    private readonly DevicePointer[] _places;
    private readonly long _resultBytes;

    private ConvolutionProof(
        ConvolutionDevice device, ConvolutionGeometry geometry, ConvolutionPass pass, ConvolutionPasses passes,
        DevicePointer start, ReadOnlySpan<long> sizes)
    {
        _device = device;
        _geometry = geometry;
        _pass = pass;
        _passes = passes;
        _resultBytes = sizes[2];
        _places = new DevicePointer[sizes.Length];
        ulong address = start.Address;
        for (int i = 0; i < sizes.Length; i++)
        {
            _places[i] = new DevicePointer(address);
            address += (ulong)Rounded(sizes[i]);
        }
        bool isExact = geometry.Type == ElementType.Float32 && !geometry.Tf32;
        (long first, long second, _) = Counts(geometry, pass);
        Fill(_places[0], first, seed: 1, isExact ? ThirteenBits : 1);
        Fill(_places[1], second, seed: 2, scale: 1);
    }

    /// <summary>
    /// Takes memory for a proof, outside of the arena, whose counters tell of training alone; null
    /// where the device has not enough.
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
        ReadOnlySpan<long> sizes =
        [
            first * size, second * size, result * (pass == ConvolutionPass.BackwardWeights ? sizeof(float) : size),
            Samples * sizeof(float), workspaceBytes,
        ];
        long bytes = 0;
        foreach (long part in sizes)
        {
            bytes += Rounded(part);
        }
        try
        {
            DevicePointer start = device.Queue.Driver.Allocate(bytes);
            return new ConvolutionProof(device, geometry, pass, passes, start, sizes);
        }
        catch (NativeException exception) when (exception.Status is CudaResult.OutOfMemory)
        {
            return null;
        }
    }

    /// <summary>
    /// Reason not to use an algorithm: "is wrong ..." or "fails ..."; null if there is none.
    /// </summary>
    /// <param name="algorithm">Null for our own.</param>
    public string? Problem(CudnnAlgorithm? algorithm)
    {
        // NaN, which a result that nobody writes keeps.
        _device.Queue.Driver.FillBytes(_places[2], byte.MaxValue, _resultBytes, _device.Queue.Stream);
        try
        {
            Run(algorithm);
        }
        catch (NativeException exception) when (exception.Status is CudnnStatus status)
        {
            return $"fails with {status}";
        }
        double relative = _geometry.Type == ElementType.BFloat16 ? BFloat16Spacing : 0;
        _passes.Own.Check(
            _pass, _places[0], _places[1], _places[2], (relative, OfMagnitude), Samples, _places[3]);
        float[] flags = new float[Samples];
        _device.Staging.Download<float>(_places[3], flags);
        int wrong = flags.Count(flag => flag != 0);
        return wrong == 0 ? null : $"is wrong in {wrong} of {Samples} sampled results";
    }

    /// <summary>The least time of a few runs, by the device's clock, in milliseconds.</summary>
    public double Milliseconds(CudnnAlgorithm algorithm)
    {
        ICudaDriver driver = _device.Queue.Driver;
        CudaEvent start = driver.CreateEvent(timing: true), end = driver.CreateEvent(timing: true);
        double least = double.PositiveInfinity;
        for (int i = 0; i < TimedRuns; i++)
        {
            driver.Record(start, _device.Queue.Stream);
            Run(algorithm);
            driver.Record(end, _device.Queue.Stream);
            driver.Synchronize(end);
            least = Math.Min(least, driver.ElapsedMilliseconds(start, end));
        }
        driver.Destroy(start);
        driver.Destroy(end);
        return least;
    }

    // A device that is lost frees nothing; what lost it is thrown.
    public void Dispose() => Quietly.Do(() => _device.Queue.Driver.Free(_places[0]));

    private static long Rounded(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;

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

    private void Fill(DevicePointer place, long count, long seed, float scale) =>
        _device.Launcher.Elementwise(
            _device.Kernels.ConvolutionNumbers(_geometry.Type), count,
            [count, seed, scale, place.Address]);

    private void Run(CudnnAlgorithm? algorithm) =>
        _passes.Run(_pass, algorithm, _places[0], _places[1], _places[2], _places[4]);
}
