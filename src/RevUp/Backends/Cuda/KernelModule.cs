using RevUp.Interop;
using RevUp.Interop.Cuda;
using RevUp.Tensors;

namespace RevUp.Backends.Cuda;

/// <summary>The compiled kernels, loaded into the driver.</summary>
internal sealed class KernelModule(ICudaDriver driver) : IDisposable
{
    private const string FileName = "revup_kernels.fatbin";
    private const string Variable = "REVUP_CUDA_KERNELS";

    private readonly CudaModule _module = driver.LoadModule(Read());
    private readonly Dictionary<CudaFunction, string> _names = [];

    /// <summary>The kernel of that name.</summary>
    public CudaFunction Find(string name)
    {
        CudaFunction kernel = driver.GetFunction(_module, name);
        _names[kernel] = name;
        return kernel;
    }

    /// <summary>The name of a kernel that was found.</summary>
    public string NameOf(CudaFunction kernel) => _names[kernel];

    public void Dispose() => driver.Unload(_module);

    // From the file that the variable names, or else from the first place that has one.
    private static byte[] Read()
    {
        string? named = Environment.GetEnvironmentVariable(Variable);
        string folder = AppContext.BaseDirectory;
        string[] places = string.IsNullOrEmpty(named)
            ? [Path.Combine(folder, FileName), .. Checkout.Places(folder, "cuda", FileName)]
            : [named];
        string found = places.FirstOrDefault(File.Exists) ?? throw new ConfigurationException(
            $"The kernels {FileName} are in none of {string.Join(", ", places)}. Run ./build.sh where nvcc is "
            + $"installed, or ./build.sh --with-cuda, which fetches it; or set {Variable} to the file's full path.");
        return File.ReadAllBytes(found);
    }
}
