using System.Reflection;
using RevUp.Backends.Cpu;
using RevUp.Backends.Cuda;

namespace RevUp.Interop.Tests.Support;

/// <summary>
/// Runs a test body, which takes <see cref="DeviceOperations"/>, once per backend and thread count.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class EveryBackendAttribute : Attribute, ITestDataSource
{
    private const long Capacity = 64 << 20;

    // Pages that nothing touches cost nothing; the transforms of Winograd's convolution need room.
    private const long CpuCapacity = 512 << 20;

    // One of each for the whole suite: opening a device costs more than most tests. A plan keeps
    // the threads that it was created with, so each number of threads has a backend.
    private static readonly Lazy<Backend?>[] s_cpu = [Open(1), Open(2)];

    private static readonly DeviceOperations[] s_cuda = [.. CudaProviders.All.Select(provider => new DeviceOperations(
        provider.Name,
        new Lazy<Backend?>(
            () => CudaOnCpu.IsUsable ? new CudaBackend(provider.Provider, capacity: Capacity, poison: true) : null)))];

    // Our own convolutions alone, and those that are left with a hostile cuDNN.
    private static readonly DeviceOperations[] s_convolutions =
    [
        new("CUDA with its own convolutions", new Lazy<Backend?>(
            () => CudaOnCpu.IsUsable ? new CudaBackend(0, Capacity, poison: true) { OwnConvolutions = true } : null)),
        new("CUDA with a hostile cuDNN", new Lazy<Backend?>(() => HostileCudnn.Open(
            folder => new CudaBackend(0, Capacity, poison: true) { ConvolutionFolder = folder }))),
    ];

    /// <summary>
    /// Whether the CPU library itself is tested too, beside the backend that calls it.
    /// </summary>
    public bool AndLibrary { get; set; }

    /// <summary>Whether CUDA's other convolutions are tested too.</summary>
    public bool AndConvolutions { get; set; }

    /// <summary>CUDA with RevUp's own convolutions, which do the next operation too.</summary>
    internal static DeviceOperations OwnConvolutions => s_convolutions[0];

    /// <summary>The CPU with this number of threads.</summary>
    internal static DeviceOperations Cpu(int threads) => new($"CPU, {threads} thread(s)", s_cpu[threads - 1], threads);

    /// <summary>The library of the CPU with this number of threads.</summary>
    internal static DeviceOperations Library(int threads) =>
        new LibraryOperations($"CPU library, {threads} thread(s)", s_cpu[threads - 1], threads);

    public IEnumerable<object?[]> GetData(MethodInfo methodInfo) =>
    [
        [Cpu(1)],
        [Cpu(2)],
        .. AndLibrary ? (object?[][])[[Library(1)], [Library(2)]] : [],
        .. s_cuda.Select(cuda => (object?[])[cuda]),
        .. AndConvolutions ? s_convolutions.Select(cuda => (object?[])[cuda]) : [],
    ];

    public string? GetDisplayName(MethodInfo methodInfo, object?[]? data) => $"{methodInfo.Name} on {data?[0]}";

    private static Lazy<Backend?> Open(int threads) => new(() => new CpuBackend(threads, CpuCapacity, poison: true));
}
