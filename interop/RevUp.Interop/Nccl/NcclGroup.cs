namespace RevUp.Interop.Nccl;

/// <summary>
/// An open group of operations; its disposal enqueues them. The default value is none.
/// </summary>
/// <param name="isOpen">Whether there is one.</param>
internal readonly ref struct NcclGroup(bool isOpen)
{
    /// <exception cref="NativeException">One of the operations failed.</exception>
    public void Dispose()
    {
        if (isOpen)
        {
            NcclLibrary.GroupEnd().Check();
        }
    }
}
