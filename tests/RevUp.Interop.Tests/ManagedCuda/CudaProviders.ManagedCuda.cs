using RevUp.Interop.ManagedCuda;

namespace RevUp.Interop.Tests.Support;

/// <content>Compiled with -p:ManagedCuda=true.</content>
internal static partial class CudaProviders
{
    static partial void AddOptional(List<(string Name, ICudaProvider Provider)> providers) =>
        providers.Add(("CUDA by ManagedCuda", new ManagedCudaProvider()));
}
