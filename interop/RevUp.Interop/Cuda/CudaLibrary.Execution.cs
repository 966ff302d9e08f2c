namespace RevUp.Interop.Cuda;

internal static unsafe partial class CudaLibrary
{
    /// <summary>Creates a stream.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuStreamCreate")]
    public static partial CudaResult StreamCreate(CudaStream* stream, CudaStreamKind flags);

    /// <summary>
    /// Creates a stream whose kernels go before the kernels of streams with a greater number. A
    /// number outside the device's range becomes the nearest in it.
    /// </summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuStreamCreateWithPriority")]
    public static partial CudaResult StreamCreateWithPriority(CudaStream* stream, CudaStreamKind flags, int priority);

    /// <summary>Destroys a stream once its work is done, without waiting for it.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuStreamDestroy_v2")]
    public static partial CudaResult StreamDestroy(CudaStream stream);

    /// <summary>Waits on the host for the stream's work.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuStreamSynchronize")]
    public static partial CudaResult StreamSynchronize(CudaStream stream);

    /// <summary>Makes the stream's later work wait for an event; flags are 0.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuStreamWaitEvent")]
    public static partial CudaResult StreamWaitEvent(CudaStream stream, CudaEvent @event, uint flags);

    /// <summary>Creates an event.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuEventCreate")]
    public static partial CudaResult EventCreate(CudaEvent* @event, CudaEventKind flags);

    /// <summary>Destroys an event once it is done.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuEventDestroy_v2")]
    public static partial CudaResult EventDestroy(CudaEvent @event);

    /// <summary>Puts the event behind the stream's work so far.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuEventRecord")]
    public static partial CudaResult EventRecord(CudaEvent @event, CudaStream stream);

    /// <summary>Success when the event is reached, NotReady before.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuEventQuery")]
    public static partial CudaResult EventQuery(CudaEvent @event);

    /// <summary>Waits on the host for the event.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuEventSynchronize")]
    public static partial CudaResult EventSynchronize(CudaEvent @event);

    /// <summary>Milliseconds between two events that were reached.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuEventElapsedTime")]
    public static partial CudaResult EventElapsedTime(float* milliseconds, CudaEvent start, CudaEvent end);

    /// <summary>Loads a fatbin, cubin or zero-terminated PTX from memory.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuModuleLoadData")]
    public static partial CudaResult ModuleLoadData(CudaModule* module, void* image);

    /// <summary>Unloads a module.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuModuleUnload")]
    public static partial CudaResult ModuleUnload(CudaModule module);

    /// <summary>Finds a kernel by its zero-terminated name.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuModuleGetFunction")]
    public static partial CudaResult ModuleGetFunction(CudaFunction* function, CudaModule module, byte* name);

    /// <summary>
    /// Launches a kernel; the driver copies each argument from its pointer before it returns.
    /// </summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuLaunchKernel")]
    public static partial CudaResult LaunchKernel(
        CudaFunction function, uint gridX, uint gridY, uint gridZ, uint blockX, uint blockY, uint blockZ,
        uint sharedBytes, CudaStream stream, void** arguments, void** extra);

    /// <summary>Records the stream's work into a graph instead of running it.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuStreamBeginCapture_v2")]
    public static partial CudaResult StreamBeginCapture(CudaStream stream, CudaCaptureMode mode);

    /// <summary>Ends a capture; the graph is null when it failed.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuStreamEndCapture")]
    public static partial CudaResult StreamEndCapture(CudaStream stream, CudaGraph* graph);

    /// <summary>Makes a graph ready to launch; flags are 0.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuGraphInstantiateWithFlags")]
    public static partial CudaResult GraphInstantiate(CudaGraphExec* executable, CudaGraph graph, ulong flags);

    /// <summary>Runs a graph on a stream.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuGraphLaunch")]
    public static partial CudaResult GraphLaunch(CudaGraphExec executable, CudaStream stream);

    /// <summary>Destroys a graph; what was instantiated from it stays.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuGraphDestroy")]
    public static partial CudaResult GraphDestroy(CudaGraph graph);

    /// <summary>Destroys an instantiated graph.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuGraphExecDestroy")]
    public static partial CudaResult GraphExecDestroy(CudaGraphExec executable);

    /// <summary>Opens the window of an attached profiler.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuProfilerStart")]
    public static partial CudaResult ProfilerStart();

    /// <summary>Closes the window of an attached profiler.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuProfilerStop")]
    public static partial CudaResult ProfilerStop();
}
