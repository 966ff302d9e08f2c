namespace RevUp.Interop.CublasLt;

/// <summary>
/// Owns the description of a float32 product of two matrices, each transposed or not.
/// </summary>
internal sealed class MatmulDescriptor : OwnedHandle
{
    /// <summary>Describes a product.</summary>
    public static unsafe MatmulDescriptor Create(CublasOperation operationA, CublasOperation operationB)
    {
        MatmulDescriptor owner = new();
        nint created;
        CublasLtLibrary.MatmulDescCreate(&created, CublasComputeType.Float32, CublasDataType.Float32).Check();
        owner.SetHandle(created);
        CublasLtLibrary.MatmulDescSetAttribute(
            owner, CublasLtMatmulSetting.TransposeA, &operationA, sizeof(CublasOperation))
            .Check();
        CublasLtLibrary.MatmulDescSetAttribute(
            owner, CublasLtMatmulSetting.TransposeB, &operationB, sizeof(CublasOperation))
            .Check();
        return owner;
    }

    protected override bool ReleaseHandle() => CublasLtLibrary.MatmulDescDestroy(handle) == CublasStatus.Success;
}
