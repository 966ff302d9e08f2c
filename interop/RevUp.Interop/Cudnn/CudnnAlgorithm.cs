namespace RevUp.Interop.Cudnn;

/// <summary>The algorithm of one pass.</summary>
/// <param name="Number">cuDNN's number for it.</param>
/// <param name="WorkspaceBytes">Workspace of a call, in bytes.</param>
internal readonly record struct CudnnAlgorithm(int Number, long WorkspaceBytes)
{
    /// <summary>"1 (4096)".</summary>
    public override string ToString() => $"{Number} ({WorkspaceBytes})";

    /// <summary>Asks for the workspace of an algorithm.</summary>
    internal unsafe delegate CudnnStatus WorkspaceQuery(int algorithm, nuint* bytes);

    /// <summary>
    /// The first candidate that applies, is deterministic (the same kernels must give the same bits
    /// in forward, inversion and recomputation) and whose workspace is within the limit;
    /// <paramref name="convolution"/> is left with its arithmetic. Where exact float32 was asked
    /// for, it stays so, whatever is offered.
    /// </summary>
    internal static unsafe CudnnAlgorithm Choose(
        string pass, in CudnnGeometry geometry, ReadOnlySpan<CudnnAlgorithmPerformance> candidates, long workspaceLimit,
        ConvolutionDescriptor convolution,
        WorkspaceQuery query)
    {
        CudnnStatus last = CudnnStatus.NotSupported;
        foreach (ref readonly CudnnAlgorithmPerformance candidate in candidates)
        {
            if (candidate.Status != CudnnStatus.Success || candidate.Determinism != CudnnDeterminism.Deterministic)
            {
                continue;
            }

            convolution.SetMathType(geometry.MathType == CudnnMathType.Fma ? CudnnMathType.Fma : candidate.MathType);
            nuint bytes;
            last = query(candidate.Algorithm, &bytes);
            if (last == CudnnStatus.Success && bytes <= (nuint)workspaceLimit)
            {
                return new CudnnAlgorithm(candidate.Algorithm, (long)bytes);
            }
        }

        throw new NativeException(
            $"CudnnAlgorithm.Choose of {pass}", last == CudnnStatus.Success ? CudnnStatus.NotSupported : last,
            $"none of {candidates.Length} candidates is deterministic with a workspace of at most {workspaceLimit} "
            + $"bytes for {geometry.ToString()}",
            "Allow a larger workspace, or use other channel counts, groups or a newer cuDNN 9.");
    }
}
