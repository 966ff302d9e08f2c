using System.Text;

namespace RevUp.Interop.Cuda;

/// <summary>
/// The driver contract on libcuda itself. Owns a reference to the device's primary context, which
/// <see cref="Dispose"/> gives back.
/// </summary>
internal sealed unsafe class CudaDriver : ICudaDriver
{
    // Bounds the stack that a launch takes; the kernels have at most 13 arguments.
    private const int MaximumArguments = 32;

    private readonly int _handle;
    private readonly CudaContext _context;
    private bool _disposed;

    private CudaDriver(CudaDevice device, int handle, CudaContext context)
    {
        Device = device;
        _handle = handle;
        _context = context;
        int version;
        CudaLibrary.DriverGetVersion(&version).Check();
        DriverVersion = CudaPlatform.DriverVersionOf(version);
    }

    public Version DriverVersion { get; }

    public CudaDevice Device { get; }

    /// <summary>
    /// Retains the primary context of a device and makes it current on the calling thread.
    /// </summary>
    /// <exception cref="DllNotFoundException">
    /// There is no driver; the message lists where it was looked for.
    /// </exception>
    /// <exception cref="BadImageFormatException">The driver is too old.</exception>
    /// <exception cref="NativeException">There is no such device, or it cannot be used.</exception>
    public static CudaDriver Open(int ordinal = 0)
    {
        IReadOnlyList<CudaDevice> devices = CudaDevice.All();
        if (ordinal < 0 || ordinal >= devices.Count)
        {
            CudaResult.InvalidDevice.Throw(
                "CudaDriver.Open", $"device {ordinal} was asked for and there are {devices.Count}");
        }

        int handle;
        CudaLibrary.DeviceGet(&handle, ordinal).Check();
        CudaContext context;
        CudaLibrary.DevicePrimaryCtxRetain(&context, handle).Check();
        CudaDriver driver = new(devices[ordinal], handle, context);
        driver.MakeCurrent();
        return driver;
    }

    public void MakeCurrent() => CudaLibrary.CtxSetCurrent(_context).Check();

    public (long FreeBytes, long TotalBytes) MemoryInfo()
    {
        nuint free;
        nuint total;
        CudaLibrary.MemGetInfo(&free, &total).Check();
        return ((long)free, (long)total);
    }

    public DevicePointer Allocate(long bytes)
    {
        DevicePointer pointer;
        CudaResult result = CudaLibrary.MemAlloc(&pointer, checked((nuint)bytes));
        if (result == CudaResult.OutOfMemory)
        {
            (long free, long total) = MemoryInfo();
            result.Throw(
                "CudaLibrary.MemAlloc",
                $"{bytes} bytes were asked for, and {free} of {total} bytes are free on {Device.Name}");
        }

        result.Check("CudaLibrary.MemAlloc");
        return pointer;
    }

    public void Free(DevicePointer pointer) => CudaLibrary.MemFree(pointer).Check();

    public nint AllocateHost(long bytes)
    {
        void* pointer;
        CudaLibrary.MemHostAlloc(&pointer, checked((nuint)bytes), 0).Check();
        return (nint)pointer;
    }

    public void FreeHost(nint pointer) => CudaLibrary.MemFreeHost((void*)pointer).Check();

    public void CopyToDevice(DevicePointer destination, nint source, long bytes, CudaStream stream) =>
        CudaLibrary.MemcpyHtoDAsync(destination, (void*)source, checked((nuint)bytes), stream).Check();

    public void CopyToHost(nint destination, DevicePointer source, long bytes, CudaStream stream) =>
        CudaLibrary.MemcpyDtoHAsync((void*)destination, source, checked((nuint)bytes), stream).Check();

    public void Copy(DevicePointer destination, DevicePointer source, long bytes, CudaStream stream) =>
        CudaLibrary.MemcpyDtoDAsync(destination, source, checked((nuint)bytes), stream).Check();

    public void FillBytes(DevicePointer destination, byte value, long bytes, CudaStream stream) =>
        CudaLibrary.MemsetD8Async(destination, value, checked((nuint)bytes), stream).Check();

    public void FillWords(DevicePointer destination, uint value, long count, CudaStream stream) =>
        CudaLibrary.MemsetD32Async(destination, value, checked((nuint)count), stream).Check();

    public CudaStream CreateStream()
    {
        CudaStream stream;
        CudaLibrary.StreamCreate(&stream, CudaStreamKind.NonBlocking).Check();
        return stream;
    }

    public CudaStream CreateUrgentStream()
    {
        CudaStream stream;
        CudaLibrary.StreamCreateWithPriority(&stream, CudaStreamKind.NonBlocking, int.MinValue).Check();
        return stream;
    }

    public void Destroy(CudaStream stream) => CudaLibrary.StreamDestroy(stream).Check();

    public void Synchronize(CudaStream stream) => CudaLibrary.StreamSynchronize(stream).Check();

    public void Wait(CudaStream stream, CudaEvent until) => CudaLibrary.StreamWaitEvent(stream, until, 0).Check();

    public CudaEvent CreateEvent(bool timing)
    {
        CudaEvent created;
        CudaLibrary.EventCreate(&created, timing ? CudaEventKind.Default : CudaEventKind.DisableTiming).Check();
        return created;
    }

    public void Destroy(CudaEvent recorded) => CudaLibrary.EventDestroy(recorded).Check();

    public void Record(CudaEvent mark, CudaStream stream) => CudaLibrary.EventRecord(mark, stream).Check();

    public bool IsReached(CudaEvent mark)
    {
        CudaResult result = CudaLibrary.EventQuery(mark);
        if (result == CudaResult.NotReady)
        {
            return false;
        }

        result.Check("CudaLibrary.EventQuery");
        return true;
    }

    public void Synchronize(CudaEvent mark) => CudaLibrary.EventSynchronize(mark).Check();

    public float ElapsedMilliseconds(CudaEvent start, CudaEvent end)
    {
        float milliseconds;
        CudaLibrary.EventElapsedTime(&milliseconds, start, end).Check();
        return milliseconds;
    }

    public CudaModule LoadModule(ReadOnlySpan<byte> image)
    {
        // The driver takes no length and reads PTX up to a zero: the copy has one behind its last
        // byte.
        byte[] terminated = new byte[image.Length + 1];
        image.CopyTo(terminated);
        CudaModule module;
        fixed (byte* pointer = terminated)
        {
            CudaLibrary.ModuleLoadData(&module, pointer).Check();
        }

        return module;
    }

    public void Unload(CudaModule module) => CudaLibrary.ModuleUnload(module).Check();

    public CudaFunction GetFunction(CudaModule module, string name)
    {
        CudaFunction function;
        fixed (byte* pointer = Encoding.UTF8.GetBytes(name + '\0'))
        {
            CudaResult result = CudaLibrary.ModuleGetFunction(&function, module, pointer);
            if (result != CudaResult.Success)
            {
                result.Throw("CudaLibrary.ModuleGetFunction", $"the kernel is {name}");
            }
        }

        return function;
    }

    public void Launch(
        CudaFunction function, int blocks, int threads, CudaStream stream, ReadOnlySpan<ulong> arguments,
        [CallerArgumentExpression(nameof(function))] string name = "")
    {
        if (arguments.Length > MaximumArguments)
        {
            throw new ArgumentException(
                $"{name} was given {arguments.Length} arguments; a launch takes at most {MaximumArguments}.");
        }

        void** pointers = stackalloc void*[MaximumArguments];
        fixed (ulong* slots = arguments)
        {
            for (int i = 0; i < arguments.Length; i++)
            {
                pointers[i] = slots + i;
            }

            CudaResult result = CudaLibrary.LaunchKernel(
                function, (uint)blocks, 1, 1, (uint)threads, 1, 1, 0, stream, pointers, null);
            if (result != CudaResult.Success)
            {
                result.Throw(
                    "CudaLibrary.LaunchKernel", $"the kernel is {name} with {blocks} blocks of {threads} threads");
            }
        }
    }

    public void BeginCapture(CudaStream stream) =>
        CudaLibrary.StreamBeginCapture(stream, CudaCaptureMode.ThreadLocal).Check();

    public CudaGraph EndCapture(CudaStream stream)
    {
        CudaGraph graph;
        CudaLibrary.StreamEndCapture(stream, &graph).Check();
        return graph;
    }

    public CudaGraphExec Instantiate(CudaGraph graph)
    {
        CudaGraphExec executable;
        CudaLibrary.GraphInstantiate(&executable, graph, 0).Check();
        return executable;
    }

    public void Launch(CudaGraphExec executable, CudaStream stream) =>
        CudaLibrary.GraphLaunch(executable, stream).Check();

    public void Destroy(CudaGraph graph) => CudaLibrary.GraphDestroy(graph).Check();

    public void Destroy(CudaGraphExec executable) => CudaLibrary.GraphExecDestroy(executable).Check();

    public void StartProfiler() => CudaLibrary.ProfilerStart().Check();

    public void StopProfiler() => CudaLibrary.ProfilerStop().Check();

    /// <summary>Gives the primary context back; a second call does nothing.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            CudaLibrary.DevicePrimaryCtxRelease(_handle).Check();
        }
    }
}
