namespace RevUp.Interop.Cuda;

/// <summary>
/// A CUDA driver for the backend, with one device and its primary context. Work on streams is
/// asynchronous and in order; a later call throws its failure. Sizes are bytes. Calls may come from
/// any thread that has called <see cref="MakeCurrent"/>. Whoever creates a handle destroys it,
/// before the driver is disposed. Every failure is a <see cref="NativeException"/> that names the
/// call, the code and what to do.
/// </summary>
internal interface ICudaDriver : IDisposable
{
    /// <summary>The newest CUDA that the driver supports.</summary>
    Version DriverVersion { get; }

    /// <summary>The device.</summary>
    CudaDevice Device { get; }

    /// <summary>Binds the context to the calling thread.</summary>
    void MakeCurrent();

    /// <summary>Free and total memory of the device, other processes' use included.</summary>
    (long FreeBytes, long TotalBytes) MemoryInfo();

    /// <summary>
    /// Allocates device memory, aligned to 256 bytes; its content is undefined. Waits for the
    /// device.
    /// </summary>
    /// <exception cref="NativeException">
    /// Out of memory; the message has the request and what is free.
    /// </exception>
    DevicePointer Allocate(long bytes);

    /// <summary>Frees device memory. Waits for the device.</summary>
    void Free(DevicePointer pointer);

    /// <summary>Allocates page-locked host memory, which asynchronous copies need.</summary>
    nint AllocateHost(long bytes);

    /// <summary>Frees page-locked host memory; no copy may be using it.</summary>
    void FreeHost(nint pointer);

    /// <summary>
    /// Copies host to device; the host memory must stay as it is until the copy is done.
    /// </summary>
    void CopyToDevice(DevicePointer destination, nint source, long bytes, CudaStream stream);

    /// <summary>Copies device to host.</summary>
    void CopyToHost(nint destination, DevicePointer source, long bytes, CudaStream stream);

    /// <summary>Copies within the device; the ranges do not overlap.</summary>
    void Copy(DevicePointer destination, DevicePointer source, long bytes, CudaStream stream);

    /// <summary>Fills with one byte.</summary>
    void FillBytes(DevicePointer destination, byte value, long bytes, CudaStream stream);

    /// <summary>Fills with one 4-byte word; <paramref name="count"/> words.</summary>
    void FillWords(DevicePointer destination, uint value, long count, CudaStream stream);

    /// <summary>Creates a stream that does not wait for the default stream.</summary>
    CudaStream CreateStream();

    /// <summary>
    /// Creates such a stream whose kernels go before the kernels of other streams, as far as the
    /// device can: for communication beside computation.
    /// </summary>
    CudaStream CreateUrgentStream();

    /// <summary>Destroys a stream once its work is done.</summary>
    void Destroy(CudaStream stream);

    /// <summary>Waits on the host for the stream's work.</summary>
    void Synchronize(CudaStream stream);

    /// <summary>Makes the stream's later work wait for an event.</summary>
    void Wait(CudaStream stream, CudaEvent until);

    /// <summary>Creates an event, with a time or, cheaper, without.</summary>
    CudaEvent CreateEvent(bool timing);

    /// <summary>Destroys an event.</summary>
    void Destroy(CudaEvent recorded);

    /// <summary>Puts the event behind the stream's work so far.</summary>
    void Record(CudaEvent mark, CudaStream stream);

    /// <summary>Whether the event was reached.</summary>
    bool IsReached(CudaEvent mark);

    /// <summary>Waits on the host for the event.</summary>
    void Synchronize(CudaEvent mark);

    /// <summary>
    /// Milliseconds between two events that were created with a time and reached.
    /// </summary>
    float ElapsedMilliseconds(CudaEvent start, CudaEvent end);

    /// <summary>Loads a fatbin.</summary>
    CudaModule LoadModule(ReadOnlySpan<byte> image);

    /// <summary>Unloads a module and with it its functions.</summary>
    void Unload(CudaModule module);

    /// <summary>Finds a kernel by name.</summary>
    /// <exception cref="NativeException">There is none; the message has its name.</exception>
    CudaFunction GetFunction(CudaModule module, string name);

    /// <summary>Launches a kernel on a one-dimensional grid, without garbage.</summary>
    /// <param name="function">The kernel.</param>
    /// <param name="blocks">Blocks, 1 to 2³¹ − 1.</param>
    /// <param name="threads">Threads per block, 1 to 1024.</param>
    /// <param name="stream">Where it runs.</param>
    /// <param name="arguments">
    /// One 8-byte slot per argument, at most 32: pointers, 64-bit integers, or narrower scalars in
    /// the low bytes.
    /// </param>
    /// <param name="name">Name of the kernel in exceptions.</param>
    void Launch(
        CudaFunction function, int blocks, int threads, CudaStream stream, ReadOnlySpan<ulong> arguments,
        [CallerArgumentExpression(nameof(function))] string name = "");

    /// <summary>
    /// Records the stream's work into a graph from here on, instead of running it; unsafe calls of
    /// the calling thread end the capture.
    /// </summary>
    void BeginCapture(CudaStream stream);

    /// <summary>Ends a capture.</summary>
    CudaGraph EndCapture(CudaStream stream);

    /// <summary>Makes a graph ready to launch.</summary>
    CudaGraphExec Instantiate(CudaGraph graph);

    /// <summary>Runs a graph on a stream.</summary>
    void Launch(CudaGraphExec executable, CudaStream stream);

    /// <summary>Destroys a graph; what was instantiated from it stays.</summary>
    void Destroy(CudaGraph graph);

    /// <summary>Destroys an instantiated graph.</summary>
    void Destroy(CudaGraphExec executable);

    /// <summary>
    /// Opens the window of a profiler that was told to wait for it; nothing happens without one.
    /// </summary>
    void StartProfiler();

    /// <summary>Closes that window.</summary>
    void StopProfiler();
}
