namespace RevUp.Interop.CublasLt;

/// <summary>Owns the conditions on an algorithm.</summary>
internal sealed class MatmulPreference : OwnedHandle
{
    /// <summary>
    /// Sets the largest workspace and the alignment that every matrix has, both in bytes.
    /// </summary>
    public static unsafe MatmulPreference Create(long workspaceLimit, int alignment)
    {
        MatmulPreference owner = new();
        nint created;
        CublasLtLibrary.MatmulPreferenceCreate(&created).Check();
        owner.SetHandle(created);
        CublasLtLibrary.MatmulPreferenceSetAttribute(
            owner, CublasLtPreferenceSetting.MaximumWorkspaceBytes, &workspaceLimit, sizeof(long))
            .Check();
        for (CublasLtPreferenceSetting matrix = CublasLtPreferenceSetting.MinimumAlignmentA;
            matrix <= CublasLtPreferenceSetting.MinimumAlignmentD;
            matrix++)
        {
            CublasLtLibrary.MatmulPreferenceSetAttribute(owner, matrix, &alignment, sizeof(int)).Check();
        }

        return owner;
    }

    protected override bool ReleaseHandle() => CublasLtLibrary.MatmulPreferenceDestroy(handle) == CublasStatus.Success;
}
