namespace RevUp.Interop.Tests.Support;

/// <summary>
/// The bindings of the CUDA driver that the suite runs on, with the names that tests show.
/// </summary>
internal static partial class CudaProviders
{
    internal static IReadOnlyList<(string Name, ICudaProvider Provider)> All { get; } = Create();

    private static List<(string Name, ICudaProvider Provider)> Create()
    {
        List<(string Name, ICudaProvider Provider)> providers = [("CUDA", new CudaProvider())];
        AddOptional(providers);
        return providers;
    }

    /// <summary>Adds those that were compiled on request.</summary>
    static partial void AddOptional(List<(string Name, ICudaProvider Provider)> providers);
}
