namespace RevUp.Interop.Cudnn;

/// <summary>
/// Owns the description of a convolution's weights, O (D) H W I/groups in memory.
/// </summary>
internal sealed class FilterDescriptor : OwnedHandle
{
    /// <summary>Describes weights.</summary>
    /// <param name="type">Storage of an element; the activations' own.</param>
    /// <param name="outChannels">O.</param>
    /// <param name="inChannelsPerGroup">I/groups.</param>
    /// <param name="kernel">(D) H W.</param>
    public static unsafe FilterDescriptor Create(
        CudnnDataType type, int outChannels, int inChannelsPerGroup, ReadOnlySpan<int> kernel)
    {
        Span<int> dimensions = [outChannels, inChannelsPerGroup, .. kernel];
        FilterDescriptor owner = new();
        nint created;
        CudnnLibrary.CreateFilterDescriptor(&created).Check();
        owner.SetHandle(created);
        fixed (int* pointer = dimensions)
        {
            CudnnLibrary.SetFilterNdDescriptor(owner, type, CudnnTensorFormat.ChannelsLast, dimensions.Length, pointer)
                .Check();
        }

        return owner;
    }

    protected override bool ReleaseHandle() => CudnnLibrary.DestroyFilterDescriptor(handle) == CudnnStatus.Success;
}
