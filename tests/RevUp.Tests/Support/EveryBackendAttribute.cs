using System.Reflection;

namespace RevUp.Tests.Support;

/// <summary>
/// Runs a test body once per device, with the <see cref="TestDevice"/> first and the given
/// arguments behind it. Repeat it for more cases.
/// </summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class EveryBackendAttribute(params object?[] arguments) : Attribute, ITestDataSource
{
    /// <summary>
    /// Arithmetic that the body needs. A device that is there without it has no such test.
    /// </summary>
    public ElementType Type { get; set; }

    /// <summary>Whether CUDA's other convolutions are tested too.</summary>
    public bool AndConvolutions { get; set; }

    /// <summary>
    /// Whether a GPU's stand-in takes too long for it, where other cases reach the same code.
    /// </summary>
    public bool SlowOnStandIn { get; set; }

    public IEnumerable<object?[]> GetData(MethodInfo methodInfo) =>
        TestDevice.All.Concat(AndConvolutions ? TestDevice.Convolutions : [])
            .Where(device => !device.Lacks(Type) && !(SlowOnStandIn && device.IsStandIn))
            .Select(device => (object?[])[device, .. arguments]);

    public string? GetDisplayName(MethodInfo methodInfo, object?[]? data) =>
        $"{methodInfo.Name}({string.Join(", ", data ?? [])})";
}
