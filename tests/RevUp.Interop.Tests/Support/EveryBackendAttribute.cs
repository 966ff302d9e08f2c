using System.Reflection;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using RevUp.Backends;
using RevUp.Backends.Cuda;

namespace RevUp.Interop.Tests.Support;

/// <summary>Runs a test body, which takes an <see cref="IOperations"/>, once per backend and thread count.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class EveryBackendAttribute : Attribute, ITestDataSource
{
    private const long CudaCapacity = 64 << 20;

    // One for the whole suite: opening a device costs more than most tests.
    private static readonly BackendOperations[] s_cuda = [.. CudaProviders.All.Select(provider => new BackendOperations(
        provider.Name,
        new Lazy<Backend?>(() => CudaOnCpu.IsUsable ? new CudaBackend(provider.Provider, capacity: CudaCapacity, poison: true) : null)))];

    public IEnumerable<object?[]> GetData(MethodInfo methodInfo) =>
        [[new CpuOperations(threads: 1)], [new CpuOperations(threads: 2)], .. s_cuda.Select(cuda => (object?[])[cuda])];

    public string? GetDisplayName(MethodInfo methodInfo, object?[]? data) => $"{methodInfo.Name} on {data?[0]}";
}
