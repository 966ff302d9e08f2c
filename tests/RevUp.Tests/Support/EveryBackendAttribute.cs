using System.Reflection;

namespace RevUp.Tests.Support;

/// <summary>Runs a test body once per device, with the <see cref="TestDevice"/> first and the given arguments behind it. Repeat it for more cases.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class EveryBackendAttribute(params object?[] arguments) : Attribute, ITestDataSource
{
    public IEnumerable<object?[]> GetData(MethodInfo methodInfo) => TestDevice.All.Select(device => (object?[])[device, .. arguments]);

    public string? GetDisplayName(MethodInfo methodInfo, object?[]? data) => $"{methodInfo.Name}({string.Join(", ", data ?? [])})";
}
