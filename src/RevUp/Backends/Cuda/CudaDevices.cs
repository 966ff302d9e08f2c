using RevUp.Interop.Cuda;

namespace RevUp.Backends.Cuda;

/// <summary>
/// CUDA on this machine. Finding nothing is an answer, not an error. Looking uses nothing of a
/// device.
/// </summary>
/// <param name="Devices">The GPUs.</param>
/// <param name="Problems">
/// Why they, or others, cannot be used, one paragraph each; empty when a backend can be opened.
/// </param>
internal sealed record CudaDevices(IReadOnlyList<CudaDeviceSummary> Devices, IReadOnlyList<string> Problems)
{
    private static readonly Version s_firstWithBFloat16 = new(8, 0);

    /// <summary>Asks the driver, cuDNN and cuBLASLt.</summary>
    public static CudaDevices Find()
    {
        CudaPlatform platform = CudaPlatform.Probe();
        return new CudaDevices(
            [.. platform.Devices.Select(
                device => new CudaDeviceSummary(
                    device.Ordinal, Describe(device, platform), device.MemoryBytes, HasBFloat16(device)))],
            platform.Problems);
    }

    /// <summary>Compute capability 8.0 was the first with arithmetic of bfloat16.</summary>
    internal static bool HasBFloat16(CudaDevice device) => device.ComputeCapability >= s_firstWithBFloat16;

    internal static string Describe(CudaDevice device, CudaPlatform platform) =>
        $"{device.Name}, compute capability {device.ComputeCapability}, driver for CUDA {Version(platform.Driver)}, "
        + $"cuDNN {Version(platform.Cudnn)}, cuBLASLt {Version(platform.CublasLt)}";

    private static string Version(Version? version) => version?.ToString() ?? "missing";
}
