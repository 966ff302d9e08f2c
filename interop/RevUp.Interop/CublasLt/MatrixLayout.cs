namespace RevUp.Interop.CublasLt;

/// <summary>Owns the description of a dense column-major float32 matrix.</summary>
internal sealed class MatrixLayout : OwnedHandle
{
    /// <summary>Describes a matrix.</summary>
    public static unsafe MatrixLayout Create(long rows, long columns)
    {
        MatrixLayout owner = new();
        nint created;
        CublasLtLibrary.MatrixLayoutCreate(
            &created, CublasDataType.Float32, checked((ulong)rows), checked((ulong)columns), rows)
            .Check();
        owner.SetHandle(created);
        return owner;
    }

    protected override bool ReleaseHandle() => CublasLtLibrary.MatrixLayoutDestroy(handle) == CublasStatus.Success;
}
