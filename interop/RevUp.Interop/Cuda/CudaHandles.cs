namespace RevUp.Interop.Cuda;

/// <summary>An address in device memory (CUdeviceptr); 0 is null.</summary>
/// <param name="Address">In the address space that host and devices share.</param>
internal readonly record struct DevicePointer(ulong Address);

/// <summary>A queue of work in order (CUstream).</summary>
/// <param name="Value">The driver's pointer.</param>
[SuppressMessage("Naming", "CA1711", Justification = "CUDA's own word.")]
internal readonly record struct CudaStream(nint Value);

/// <summary>A point in a stream (CUevent).</summary>
/// <param name="Value">The driver's pointer.</param>
internal readonly record struct CudaEvent(nint Value);

/// <summary>Loaded device code (CUmodule).</summary>
/// <param name="Value">The driver's pointer.</param>
internal readonly record struct CudaModule(nint Value);

/// <summary>One kernel of a module (CUfunction); it lives as long as the module.</summary>
/// <param name="Value">The driver's pointer.</param>
internal readonly record struct CudaFunction(nint Value);

/// <summary>Captured work (CUgraph).</summary>
/// <param name="Value">The driver's pointer.</param>
internal readonly record struct CudaGraph(nint Value);

/// <summary>Captured work that is ready to launch (CUgraphExec).</summary>
/// <param name="Value">The driver's pointer.</param>
internal readonly record struct CudaGraphExec(nint Value);

/// <summary>A device's primary context (CUcontext).</summary>
/// <param name="Value">The driver's pointer.</param>
internal readonly record struct CudaContext(nint Value);
