namespace RevUp.Interop.CublasLt;

/// <summary>A configured algorithm, opaque (cublasLtMatmulAlgo_t).</summary>
[InlineArray(8)]
internal struct CublasLtAlgorithm
{
    private ulong _first;
}

/// <summary>One candidate of an algorithm choice (cublasLtMatmulHeuristicResult_t).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CublasLtHeuristicResult
{
    /// <summary>Argument for the product.</summary>
    public CublasLtAlgorithm Algorithm;

    /// <summary>Bytes of workspace.</summary>
    public nuint WorkspaceBytes;

    /// <summary>Success where the other fields are valid.</summary>
    public CublasStatus State;

    /// <summary>How often the device is filled with blocks.</summary>
    public float WavesCount;

    private readonly Reserved _reserved;

    [InlineArray(4)]
    private struct Reserved
    {
        private int _first;
    }
}
