using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ManagedCuda.BasicTypes;
using RevUp.Interop.Cuda;
using Driver = ManagedCuda.DriverAPINativeMethods;
using PrimaryContext = ManagedCuda.PrimaryContext;

namespace RevUp.Interop.ManagedCuda;

/// <summary>
/// The driver contract on ManagedCuda's imports. The context is a <see cref="PrimaryContext"/>;
/// streams, events and modules are bare handles, because ManagedCuda's objects for them allocate,
/// and its <c>CudaKernel.Run</c> waits for the device.
/// </summary>
internal sealed unsafe class ManagedCudaDriver : ICudaDriver
{
    // Bounds the pointers that a launch takes; the kernels have at most 13 arguments.
    private const int MaximumArguments = 32;

    private const int NameCapacity = 256;

    // The wrapper takes an array; one for each thread that launches, so that a launch leaves no
    // garbage.
    [ThreadStatic]
    private static nint[]? s_arguments;

    private readonly PrimaryContext _context;
    private bool _disposed;

    internal ManagedCudaDriver(int ordinal)
    {
        // Before the wrapper looks: a library that is missing is then named with every place, and
        // not by the runtime.
        _ = ManagedCudaLibraries.Driver;
        Check(Driver.cuInit(CUInitializationFlags.None));
        int count = 0;
        Check(Driver.DeviceManagement.cuDeviceGetCount(ref count));
        if (ordinal < 0 || ordinal >= count)
        {
            CudaResult.InvalidDevice.Throw(
                "ManagedCudaDriver", $"device {ordinal} was asked for and there are {count}");
        }

        Device = Describe(ordinal);
        int version = 0;
        Check(Driver.cuDriverGetVersion(ref version));
        DriverVersion = CudaPlatform.DriverVersionOf(version);
        try
        {
            _context = new PrimaryContext(ordinal);
        }
        catch (global::ManagedCuda.CudaException exception)
        {
            Check(exception.CudaError, nameof(PrimaryContext));
            throw;
        }

        MakeCurrent();
    }

    public Version DriverVersion { get; }

    public CudaDevice Device { get; }

    public void MakeCurrent() => Check(Driver.ContextManagement.cuCtxSetCurrent(_context.Context));

    public (long FreeBytes, long TotalBytes) MemoryInfo()
    {
        SizeT free = 0, total = 0;
        Check(Driver.MemoryManagement.cuMemGetInfo_v2(ref free, ref total));
        return (free, total);
    }

    public DevicePointer Allocate(long bytes)
    {
        CUdeviceptr pointer = default;
        CUResult result = Driver.MemoryManagement.cuMemAlloc_v2(ref pointer, bytes);
        if (result == CUResult.ErrorOutOfMemory)
        {
            (long free, long total) = MemoryInfo();
            CudaResult.OutOfMemory.Throw(
                "cuMemAlloc", $"{bytes} bytes were asked for, and {free} of {total} bytes are free on {Device.Name}");
        }

        Check(result, "cuMemAlloc");
        return new DevicePointer(pointer.Pointer);
    }

    public void Free(DevicePointer pointer) => Check(Driver.MemoryManagement.cuMemFree_v2(Pointer(pointer)));

    public nint AllocateHost(long bytes)
    {
        nint pointer = 0;
        Check(Driver.MemoryManagement.cuMemHostAlloc(ref pointer, bytes, CUMemHostAllocFlags.None));
        return pointer;
    }

    public void FreeHost(nint pointer) => Check(Driver.MemoryManagement.cuMemFreeHost(pointer));

    public void CopyToDevice(DevicePointer destination, nint source, long bytes, CudaStream stream) =>
        Check(Driver.AsynchronousMemcpy_v2.cuMemcpyHtoDAsync_v2(Pointer(destination), source, bytes, Stream(stream)));

    public void CopyToHost(nint destination, DevicePointer source, long bytes, CudaStream stream) =>
        Check(Driver.AsynchronousMemcpy_v2.cuMemcpyDtoHAsync_v2(destination, Pointer(source), bytes, Stream(stream)));

    public void Copy(DevicePointer destination, DevicePointer source, long bytes, CudaStream stream) =>
        Check(
            Driver.AsynchronousMemcpy_v2.cuMemcpyDtoDAsync_v2(
                Pointer(destination), Pointer(source), bytes, Stream(stream)));

    public void FillBytes(DevicePointer destination, byte value, long bytes, CudaStream stream) =>
        Check(Driver.MemsetAsync.cuMemsetD8Async(Pointer(destination), value, bytes, Stream(stream)));

    public void FillWords(DevicePointer destination, uint value, long count, CudaStream stream) =>
        Check(Driver.MemsetAsync.cuMemsetD32Async(Pointer(destination), value, count, Stream(stream)));

    public CudaStream CreateStream()
    {
        CUstream stream = default;
        Check(Driver.Streams.cuStreamCreate(ref stream, CUStreamFlags.NonBlocking));
        return new CudaStream(stream.Pointer);
    }

    public CudaStream CreateUrgentStream()
    {
        CUstream stream = default;
        Check(Driver.Streams.cuStreamCreateWithPriority(ref stream, CUStreamFlags.NonBlocking, int.MinValue));
        return new CudaStream(stream.Pointer);
    }

    public void Destroy(CudaStream stream) => Check(Driver.Streams.cuStreamDestroy_v2(Stream(stream)));

    public void Synchronize(CudaStream stream) => Check(Driver.Streams.cuStreamSynchronize(Stream(stream)));

    public void Wait(CudaStream stream, CudaEvent until) =>
        Check(Driver.Streams.cuStreamWaitEvent(Stream(stream), Event(until), 0));

    public CudaEvent CreateEvent(bool timing)
    {
        CUevent created = default;
        Check(Driver.Events.cuEventCreate(ref created, timing ? CUEventFlags.Default : CUEventFlags.DisableTiming));
        return new CudaEvent(created.Pointer);
    }

    public void Destroy(CudaEvent recorded) => Check(Driver.Events.cuEventDestroy_v2(Event(recorded)));

    public void Record(CudaEvent mark, CudaStream stream) =>
        Check(Driver.Events.cuEventRecord(Event(mark), Stream(stream)));

    public bool IsReached(CudaEvent mark)
    {
        CUResult result = Driver.Events.cuEventQuery(Event(mark));
        if (result == CUResult.ErrorNotReady)
        {
            return false;
        }

        Check(result, "cuEventQuery");
        return true;
    }

    public void Synchronize(CudaEvent mark) => Check(Driver.Events.cuEventSynchronize(Event(mark)));

    public float ElapsedMilliseconds(CudaEvent start, CudaEvent end)
    {
        float milliseconds = 0;
        Check(Driver.Events.cuEventElapsedTime(ref milliseconds, Event(start), Event(end)));
        return milliseconds;
    }

    public CudaModule LoadModule(ReadOnlySpan<byte> image)
    {
        // The driver takes no length and reads PTX up to a zero: the copy has one behind its last
        // byte.
        byte[] terminated = new byte[image.Length + 1];
        image.CopyTo(terminated);
        CUmodule module = default;
        Check(Driver.ModuleManagement.cuModuleLoadData(ref module, terminated));
        return new CudaModule(module.Pointer);
    }

    public void Unload(CudaModule module) => Check(Driver.ModuleManagement.cuModuleUnload(Module(module)));

    public CudaFunction GetFunction(CudaModule module, string name)
    {
        CUfunction function = default;
        CUResult result = Driver.ModuleManagement.cuModuleGetFunction(ref function, Module(module), name);
        if (result != CUResult.Success)
        {
            ((CudaResult)(int)result).Throw("cuModuleGetFunction", $"the kernel is {name}");
        }

        return new CudaFunction(function.Pointer);
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

        nint[] pointers = s_arguments ??= new nint[MaximumArguments];
        fixed (ulong* slots = arguments)
        {
            for (int i = 0; i < arguments.Length; i++)
            {
                pointers[i] = (nint)(slots + i);
            }

            CUfunction kernel = new() { Pointer = function.Value };
            CUResult result = Driver.Launch.cuLaunchKernel(
                kernel, (uint)blocks, 1, 1, (uint)threads, 1, 1, 0, Stream(stream), pointers, null);
            if (result != CUResult.Success)
            {
                ((CudaResult)(int)result)
                    .Throw("cuLaunchKernel", $"the kernel is {name} with {blocks} blocks of {threads} threads");
            }
        }
    }

    public void BeginCapture(CudaStream stream) =>
        Check(Driver.Streams.cuStreamBeginCapture(Stream(stream), CUstreamCaptureMode.Local));

    public CudaGraph EndCapture(CudaStream stream)
    {
        CUgraph graph = default;
        Check(Driver.Streams.cuStreamEndCapture(Stream(stream), ref graph));
        return new CudaGraph(graph.Pointer);
    }

    public CudaGraphExec Instantiate(CudaGraph graph)
    {
        CUgraphExec executable = default;
        Check(
            Driver.GraphManagment.cuGraphInstantiate(
                ref executable, new CUgraph { Pointer = graph.Value }, CUgraphInstantiate_flags.None));
        return new CudaGraphExec(executable.Pointer);
    }

    public void Launch(CudaGraphExec executable, CudaStream stream) =>
        Check(Driver.GraphManagment.cuGraphLaunch(new CUgraphExec { Pointer = executable.Value }, Stream(stream)));

    public void Destroy(CudaGraph graph) =>
        Check(Driver.GraphManagment.cuGraphDestroy(new CUgraph { Pointer = graph.Value }));

    public void Destroy(CudaGraphExec executable) =>
        Check(Driver.GraphManagment.cuGraphExecDestroy(new CUgraphExec { Pointer = executable.Value }));

    public void StartProfiler() => Check(Driver.Profiling.cuProfilerStart());

    public void StopProfiler() => Check(Driver.Profiling.cuProfilerStop());

    /// <summary>Gives the primary context back; a second call does nothing.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _context.Dispose();
        }
    }

    private static CudaDevice Describe(int ordinal)
    {
        CUdevice device = default;
        Check(Driver.DeviceManagement.cuDeviceGet(ref device, ordinal));
        byte[] name = new byte[NameCapacity];
        Check(Driver.DeviceManagement.cuDeviceGetName(name, NameCapacity, device));
        SizeT bytes = 0;
        Check(Driver.DeviceManagement.cuDeviceTotalMem_v2(ref bytes, device));
        Version capability = new(
            Attribute(CUDeviceAttribute.ComputeCapabilityMajor), Attribute(CUDeviceAttribute.ComputeCapabilityMinor));
        fixed (byte* text = name)
        {
            return new CudaDevice(
                ordinal, Marshal.PtrToStringUTF8((nint)text) ?? "", capability,
                Attribute(CUDeviceAttribute.MultiProcessorCount), bytes);
        }

        int Attribute(CUDeviceAttribute attribute)
        {
            int value = 0;
            Check(Driver.DeviceManagement.cuDeviceGetAttribute(ref value, attribute, device));
            return value;
        }
    }

    // The codes are the driver's own in both enumerations, and the messages our own bindings'.
    private static void Check(CUResult result, [CallerArgumentExpression(nameof(result))] string expression = "") =>
        ((CudaResult)(int)result).Check(expression);

    private static CUdeviceptr Pointer(DevicePointer pointer) => new(pointer.Address);

    private static CUstream Stream(CudaStream stream) => new() { Pointer = stream.Value };

    private static CUevent Event(CudaEvent mark) => new() { Pointer = mark.Value };

    private static CUmodule Module(CudaModule module) => new() { Pointer = module.Value };
}
