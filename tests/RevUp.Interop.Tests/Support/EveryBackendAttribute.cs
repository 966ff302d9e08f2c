using System.Reflection;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace RevUp.Interop.Tests.Support;

/// <summary>Runs a test body, which takes an <see cref="IOperations"/>, once per backend and thread count.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class EveryBackendAttribute : Attribute, ITestDataSource
{
    public IEnumerable<object?[]> GetData(MethodInfo methodInfo) => [[new CpuOperations(threads: 1)], [new CpuOperations(threads: 2)]];

    public string? GetDisplayName(MethodInfo methodInfo, object?[]? data) => $"{methodInfo.Name} on {data?[0]}";
}
