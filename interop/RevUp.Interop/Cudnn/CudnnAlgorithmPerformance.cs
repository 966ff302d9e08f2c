namespace RevUp.Interop.Cudnn;

/// <summary>
/// One candidate of an algorithm choice: cudnnConvolution{Fwd,BwdData,BwdFilter}AlgoPerf_t, which
/// have one layout.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CudnnAlgorithmPerformance
{
    /// <summary>Number of the algorithm within its pass.</summary>
    public int Algorithm;

    /// <summary>Success where the algorithm applies.</summary>
    public CudnnStatus Status;

    /// <summary>Milliseconds; −1 where it was not run.</summary>
    public float Milliseconds;

    /// <summary>Bytes of workspace.</summary>
    public nuint Memory;

    /// <summary>Whether it gives the same bits each time.</summary>
    public CudnnDeterminism Determinism;

    /// <summary>The arithmetic that it would use.</summary>
    public CudnnMathType MathType;

    private readonly Reserved _reserved;

    [InlineArray(3)]
    private struct Reserved
    {
        private int _first;
    }
}
