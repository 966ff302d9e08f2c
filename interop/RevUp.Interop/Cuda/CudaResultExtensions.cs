namespace RevUp.Interop.Cuda;

/// <summary>
/// Turns a driver's result into an exception in the expression that made the call:
/// <c>CudaLibrary.CtxSetCurrent(context).Check();</c>
/// </summary>
internal static class CudaResultExtensions
{
    // Of errors that stick to the context: every later call on it fails, too.
    private const string IsLost = "The device's context is lost and no call in this process can use it again. ";

    /// <summary>Returns when <paramref name="result"/> is Success.</summary>
    /// <exception cref="NativeException">
    /// Any other result; an earlier asynchronous failure on the device is reported by whichever
    /// call comes next.
    /// </exception>
    public static void Check(this CudaResult result, [CallerArgumentExpression(nameof(result))] string expression = "")
    {
        if (result != CudaResult.Success)
        {
            Throw(result, expression);
        }
    }

    /// <summary>Throws for a result that is known to be a failure.</summary>
    /// <param name="result">The failure.</param>
    /// <param name="expression">The call.</param>
    /// <param name="circumstances">The caller's knowledge beyond the driver's words, or "".</param>
    /// <exception cref="NativeException">Always.</exception>
    [DoesNotReturn]
    internal static void Throw(this CudaResult result, string expression, string circumstances = "")
    {
        string detail = Describe(result);
        throw new NativeException(
            expression, result, circumstances.Length == 0 ? detail : $"{detail}; {circumstances}", Remedy(result));
    }

    private static unsafe string Describe(CudaResult result)
    {
        byte* name;
        byte* words;
        bool known = CudaLibrary.GetErrorName(result, &name) == CudaResult.Success;
        known &= CudaLibrary.GetErrorString(result, &words) == CudaResult.Success;
        return known
            ? $"{Marshal.PtrToStringUTF8((nint)name)}, {Marshal.PtrToStringUTF8((nint)words)}"
            : "the driver does not know this code";
    }

    internal static string Remedy(CudaResult result) => result switch
    {
        CudaResult.OutOfMemory =>
            "Lower the batch size or the memory budget, choose a memory policy that stores less, or end other "
            + "processes on this device.",
        CudaResult.NoDevice =>
            "Run nvidia-smi: it must list a device, and CUDA_VISIBLE_DEVICES must not hide it. Or train with "
            + "--device cpu.",
        CudaResult.InvalidDevice => "Choose the ordinal of a device that `revup devices` lists.",
        CudaResult.DeviceUnavailable =>
            "Another process holds this device exclusively; end it or choose another device.",
        CudaResult.StubLibrary =>
            "The toolkit's stub of libcuda.so.1 was found first; remove its stubs folder from LD_LIBRARY_PATH.",
        CudaResult.UnsupportedPtxVersion or CudaResult.InvalidPtx or CudaResult.JitCompilerNotFound
            or CudaResult.CompatNotSupportedOnDevice =>
            "The driver is older than the kernels; update it, or build the kernels with its CUDA version.",
        CudaResult.InvalidImage or CudaResult.NoBinaryForGpu =>
            "The kernels were built for other devices or not at all; build them with "
            + "./build.sh --with-cuda for compute capability 8.0, 9.0 or newer.",
        CudaResult.NotFound =>
            "The kernels are of another version than this program; build both from the same sources with "
            + "./build.sh --with-cuda.",
        CudaResult.SystemDriverMismatch =>
            "The driver's kernel module and its libraries differ; restart the machine after a driver update, and see "
            + "nvidia-smi.",
        CudaResult.SystemNotReady =>
            "On a machine with NVSwitch (HGX and DGX: A100, H100, H200) start the fabric manager of the driver's "
            + "version: systemctl start nvidia-fabricmanager. Elsewhere restart the machine, and see nvidia-smi.",
        CudaResult.Unknown =>
            "The driver gives no reason. Often the module nvidia-uvm is not loaded, or the machine slept: run modprobe "
            + "nvidia-uvm or nvidia-smi, or restart the machine. In a container, see that it has /dev/nvidia-uvm.",
        CudaResult.InvalidContext or CudaResult.NotInitialized =>
            "Call ICudaDriver.MakeCurrent on this thread first, and use no driver after its disposal.",
        CudaResult.LaunchOutOfResources =>
            "The kernel needs more registers or shared memory than a block of this size has; report it with the "
            + "device's name.",
        >= CudaResult.StreamCaptureUnsupported and <= CudaResult.StreamCaptureWrongThread =>
            "Work was issued that a CUDA graph cannot hold; train without --cuda-graph and report the call.",
        CudaResult.LaunchTimeout =>
            IsLost + "The device also drives a display, which limits a kernel's time: use another device.",
        CudaResult.EccUncorrectable or CudaResult.NvlinkUncorrectable =>
            IsLost + "The hardware failed: see nvidia-smi -q and the system's log.",
        CudaResult.IllegalAddress or CudaResult.ContextIsDestroyed or CudaResult.Assert
            or (>= CudaResult.HardwareStackError and <= CudaResult.LaunchFailed) =>
            IsLost + "An earlier kernel caused it: run again under compute-sanitizer, or with CUDA_LAUNCH_BLOCKING=1, "
            + "to find which.",
        _ => "This is a defect in RevUp or in the driver; report it with the output of `revup devices`.",
    };
}
