using System.Reflection;

namespace RevUp.Tests.Support;

/// <summary>
/// Runs a test body once per device and network, with the <see cref="TestDevice"/> first and the
/// name of a <see cref="TestModel"/> behind it.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class EveryModelAttribute(params string[] models) : Attribute, ITestDataSource
{
    /// <summary>Those for which a GPU's stand-in takes too long.</summary>
    public string[] SlowOnStandIn { get; set; } = [];

    public IEnumerable<object?[]> GetData(MethodInfo methodInfo) => models.SelectMany(model =>
        new EveryBackendAttribute(model) { SlowOnStandIn = SlowOnStandIn.Contains(model) }.GetData(methodInfo));

    public string? GetDisplayName(MethodInfo methodInfo, object?[]? data) =>
        new EveryBackendAttribute().GetDisplayName(methodInfo, data);
}
