namespace RevUp.Interop.Cuda;

/// <summary>
/// Whose bindings of the CUDA driver and of cuBLAS a backend uses. Both work on the device's
/// primary context, which everything in a process shares: cuDNN, which has one binding, runs on it
/// too.
/// </summary>
public interface ICudaProvider
{
    /// <summary>
    /// Opens a device and makes its primary context current on the calling thread.
    /// </summary>
    /// <exception cref="DllNotFoundException">
    /// There is no driver; the message lists where it was looked for.
    /// </exception>
    /// <exception cref="NativeException">There is no such device, or it cannot be used.</exception>
    internal ICudaDriver OpenDriver(int ordinal);

    /// <summary>Opens the matrix products of the calling thread's context.</summary>
    /// <exception cref="DllNotFoundException">
    /// There is no such library; the message lists where it was looked for.
    /// </exception>
    /// <exception cref="NativeException">It cannot initialise.</exception>
    internal ICudaBlas OpenBlas();
}
