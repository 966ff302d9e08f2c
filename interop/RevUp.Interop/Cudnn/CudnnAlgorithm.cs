namespace RevUp.Interop.Cudnn;

/// <summary>The algorithm of one pass.</summary>
/// <param name="Number">cuDNN's number for it.</param>
/// <param name="MathType">The arithmetic that it runs in.</param>
/// <param name="WorkspaceBytes">Workspace of a call, in bytes.</param>
internal readonly record struct CudnnAlgorithm(int Number, CudnnMathType MathType, long WorkspaceBytes)
{
    /// <summary>"1 (4096)".</summary>
    public override string ToString() => $"{Number} ({WorkspaceBytes})";

    /// <summary>Asks for the workspace of an algorithm.</summary>
    internal unsafe delegate CudnnStatus WorkspaceQuery(int algorithm, nuint* bytes);

    /// <summary>
    /// The candidates that apply, are deterministic (the same kernels must give the same bits in
    /// forward, inversion and recomputation) and whose workspace is within the limit, in their
    /// order; <paramref name="convolution"/> is left with the arithmetic of the last. Where exact
    /// float32 was asked for, it stays so, whatever is offered.
    /// </summary>
    /// <param name="geometry">The convolution.</param>
    /// <param name="candidates">What cuDNN offers for one pass.</param>
    /// <param name="workspaceLimit">The largest acceptable workspace, in bytes.</param>
    /// <param name="convolution">Its descriptor.</param>
    /// <param name="query">Asks for a workspace.</param>
    /// <param name="least">
    /// The smallest workspace of deterministic candidates that want more than the limit; 0 where
    /// none does.
    /// </param>
    internal static unsafe IReadOnlyList<CudnnAlgorithm> Select(
        in CudnnGeometry geometry, ReadOnlySpan<CudnnAlgorithmPerformance> candidates, long workspaceLimit,
        ConvolutionDescriptor convolution, WorkspaceQuery query, out long least)
    {
        List<CudnnAlgorithm> usable = [];
        least = 0;
        foreach (ref readonly CudnnAlgorithmPerformance candidate in candidates)
        {
            if (candidate.Status != CudnnStatus.Success || candidate.Determinism != CudnnDeterminism.Deterministic)
            {
                continue;
            }

            CudnnMathType math = geometry.MathType == CudnnMathType.Fma ? CudnnMathType.Fma : candidate.MathType;
            convolution.SetMathType(math);
            nuint bytes;
            if (query(candidate.Algorithm, &bytes) != CudnnStatus.Success)
            {
                continue;
            }

            if (bytes > (nuint)workspaceLimit)
            {
                least = least == 0 ? (long)bytes : Math.Min(least, (long)bytes);
                continue;
            }

            CudnnAlgorithm algorithm = new(candidate.Algorithm, math, (long)bytes);
            // One that is offered with and without tensor cores is one in exact float32.
            if (!usable.Contains(algorithm))
            {
                usable.Add(algorithm);
            }
        }

        return usable;
    }
}
