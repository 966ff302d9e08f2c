namespace RevUp.Interop;

/// <summary>
/// Owns one native object whose handle is a pointer, null meaning none. A call in progress keeps
/// the object alive even when another thread disposes it.
/// </summary>
internal abstract class OwnedHandle : SafeHandle
{
    /// <summary>An invalid handle, which every call refuses.</summary>
    protected OwnedHandle()
        : base(invalidHandleValue: 0, ownsHandle: true)
    {
    }

    public sealed override bool IsInvalid => handle == 0;
}
