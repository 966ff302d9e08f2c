using RevUp.Backends.Cuda;

namespace RevUp.Tests.Support;

/// <summary>
/// A device that every test body runs on. One that this machine lacks makes a test inconclusive;
/// the CPU is never lacking.
/// </summary>
public sealed class TestDevice
{
    private const long Capacity = 1L << 30;

    // A GPU commits what it reserves, and its stand-in fills all of it with NaN.
    private const long CudaCapacity = 64 << 20;

    private readonly string _name;
    private readonly Func<bool, int, Backend?> _open;
    private readonly Lazy<bool> _lacksBFloat16;

    /// <param name="name">As in <see cref="Backend.Name"/>.</param>
    /// <param name="open">
    /// Opens the device, with freed memory poisoned or not, and its threads on the host; null where
    /// there is none.
    /// </param>
    private TestDevice(string name, Func<bool, int, Backend?> open)
    {
        _name = name;
        _open = open;
        _lacksBFloat16 = new Lazy<bool>(() =>
        {
            using Backend? backend = open(false, 1);
            return backend is not null && !backend.Supports(ElementType.BFloat16);
        });
    }

    /// <summary>All devices that the library has a backend for.</summary>
    public static IReadOnlyList<TestDevice> All { get; } =
    [
        new("cpu", (poison, threads) => new CpuBackend(threads, Capacity, poison)),
        Cuda(number: 0),
    ];

    /// <summary>
    /// The GPU with RevUp's own convolutions alone, and with those that are left where cuDNN is
    /// hostile.
    /// </summary>
    public static IReadOnlyList<TestDevice> Convolutions { get; } =
    [
        new("cuda, own convolutions", (poison, _) => CudaOnCpu.IsUsable
            ? new CudaBackend(0, CudaCapacity, poison) { OwnConvolutions = true } : null),
        new("cuda, hostile cuDNN", (poison, _) => HostileCudnn.Open(
            folder => new CudaBackend(0, CudaCapacity, poison)
            {
                ConvolutionFolder = folder,
                Fusions = FusionRule.Never,
            })),
    ];

    /// <summary>
    /// The GPU with cuDNN's convolutions, and RevUp's own for every pass that they do together with
    /// the operation behind it.
    /// </summary>
    public static TestDevice Fused { get; } = Cuda(number: 0, "cuda, fused convolutions", FusionRule.Always);

    /// <summary>The GPU of a number. Which passes are fused does not hang on times.</summary>
    public static TestDevice Cuda(int number) => Cuda(number, "cuda", FusionRule.Never);

    private static TestDevice Cuda(int number, string name, FusionRule rule) => new(
        name, (poison, _) => CudaOnCpu.IsUsable
            ? new CudaBackend(number, CudaCapacity, poison) { Fusions = rule } : null);

    /// <summary>
    /// A backend of the caller's own. The tensors of tests are too small for a second thread, which
    /// would only wait.
    /// </summary>
    /// <param name="poison">Whether freed memory is filled with NaN.</param>
    /// <param name="threads">Threads on the host.</param>
    public Backend Open(bool poison = false, int threads = 1)
    {
        Backend? backend = _open(poison, threads);
        if (backend is null)
        {
            Assert.Inconclusive($"This machine has no device '{_name}'.");
        }
        return backend;
    }

    /// <summary>Whether it is a GPU's stand-in, which runs kernels on the processor.</summary>
    public bool IsStandIn => _name != "cpu" && Environment.GetEnvironmentVariable("REVUP_TEST_CUDA") != "real";

    /// <summary>
    /// Whether the device is there without arithmetic of a type: then a test of that type is none
    /// of this machine's.
    /// </summary>
    public bool Lacks(ElementType type) => type == ElementType.BFloat16 && _lacksBFloat16.Value;

    /// <inheritdoc/>
    public override string ToString() => _name;
}
