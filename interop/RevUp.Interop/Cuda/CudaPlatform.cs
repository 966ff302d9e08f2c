using RevUp.Interop.CublasLt;
using RevUp.Interop.Cudnn;

namespace RevUp.Interop.Cuda;

/// <summary>CUDA on this machine. Finding nothing is an answer, not an error.</summary>
/// <param name="Driver">The newest CUDA that the driver supports; null without a driver.</param>
/// <param name="Devices">The driver's devices.</param>
/// <param name="Cudnn">The version of cuDNN; null without.</param>
/// <param name="CublasLt">The version of cuBLASLt; null without.</param>
/// <param name="Problems">
/// Why training on CUDA is impossible here, one paragraph each; empty when it is possible.
/// </param>
internal sealed record CudaPlatform(
    Version? Driver, IReadOnlyList<CudaDevice> Devices, Version? Cudnn, Version? CublasLt,
    IReadOnlyList<string> Problems)
{
    /// <summary>Whether networks can be trained on a CUDA device here.</summary>
    public bool IsUsable => Problems.Count == 0;

    /// <summary>
    /// Loads the driver, cuDNN and cuBLASLt and asks for their versions and devices. Never throws
    /// for what is missing.
    /// </summary>
    public static CudaPlatform Probe() => Probe(NativeLibraries.TryLoad);

    /// <summary>Loads a library of the resolver's table; otherwise says why not.</summary>
    internal delegate bool Loader(string name, [NotNullWhen(false)] out string? reason);

    /// <summary>The same with another way to load, such as one that finds nothing.</summary>
    internal static CudaPlatform Probe(Loader load)
    {
        List<string> problems = [];
        Version? driver = null;
        IReadOnlyList<CudaDevice> devices = [];
        if (load(NativeLibraries.Cuda, out string? reason))
        {
            driver = ReadDriverVersion(problems);
            devices = ReadDevices(problems);
        }
        else
        {
            problems.Add(reason);
        }

        Version? cudnn = load(NativeLibraries.Cudnn, out reason) ? CudnnLibrary.Version : Missing(reason, problems);
        Version? cublasLt =
            load(NativeLibraries.CublasLt, out reason) ? CublasLtLibrary.Version : Missing(reason, problems);
        return new CudaPlatform(driver, devices, cudnn, cublasLt, problems);
    }

    /// <summary>12040 is 12.4.</summary>
    internal static Version DriverVersionOf(int number) => new(number / 1000, number % 1000 / 10);

    private static Version? Missing(string reason, List<string> problems)
    {
        problems.Add(reason);
        return null;
    }

    private static unsafe Version? ReadDriverVersion(List<string> problems)
    {
        int version;
        CudaResult result = CudaLibrary.DriverGetVersion(&version);
        return result == CudaResult.Success
            ? DriverVersionOf(version)
            : Missing($"CudaLibrary.DriverGetVersion failed with {result}.", problems);
    }

    private static IReadOnlyList<CudaDevice> ReadDevices(List<string> problems)
    {
        try
        {
            IReadOnlyList<CudaDevice> devices = CudaDevice.All();
            if (devices.Count == 0)
            {
                problems.Add($"The CUDA driver lists no device. {CudaResultExtensions.Remedy(CudaResult.NoDevice)}");
            }

            return devices;
        }
        catch (NativeException exception)
        {
            problems.Add(exception.Message);
            return [];
        }
    }
}
