namespace RevUp.Interop.Tests.Cuda;

/// <summary>
/// The device and the kernels that tests of the bindings run on; a machine without them makes a
/// test inconclusive.
/// </summary>
internal static class CudaMachine
{
    /// <summary>Opens the first device by our own bindings.</summary>
    internal static CudaDriver Open() => (CudaDriver)Open(new CudaProvider());

    /// <summary>Opens the first device.</summary>
    internal static ICudaDriver Open(ICudaProvider provider)
    {
        if (!CudaOnCpu.IsUsable)
        {
            Assert.Inconclusive($"This machine has no CUDA: {CudaPlatform.Probe().Problems[0]}");
        }

        return provider.OpenDriver(0);
    }

    /// <summary>The content of the kernels' file.</summary>
    internal static byte[] Kernels()
    {
        string? file = Environment.GetEnvironmentVariable("REVUP_CUDA_KERNELS");
        if (file is null || !File.Exists(file))
        {
            Assert.Inconclusive($"REVUP_CUDA_KERNELS names no file ({file ?? "unset"}).");
        }

        return File.ReadAllBytes(file);
    }
}
