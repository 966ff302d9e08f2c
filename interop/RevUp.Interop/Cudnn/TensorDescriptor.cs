namespace RevUp.Interop.Cudnn;

/// <summary>
/// Owns the description of a dense channels-last activation, N (D) H W C in memory.
/// </summary>
internal sealed class TensorDescriptor : OwnedHandle
{
    /// <summary>Describes an activation.</summary>
    /// <param name="type">How an element is stored.</param>
    /// <param name="batch">N.</param>
    /// <param name="channels">C.</param>
    /// <param name="extents">(D) H W.</param>
    /// <exception cref="ArgumentException">
    /// More than 2³¹ − 1 elements, which cuDNN's strides cannot address.
    /// </exception>
    public static unsafe TensorDescriptor Create(CudnnDataType type, int batch, int channels, ReadOnlySpan<int> extents)
    {
        int rank = extents.Length + 2;
        Span<int> dimensions = [batch, channels, .. extents];
        Span<int> strides = stackalloc int[rank];
        strides[1] = 1;
        long stride = channels;
        for (int axis = rank - 1; axis >= 2; axis--)
        {
            strides[axis] = (int)stride;
            stride *= dimensions[axis];
            if (stride * batch > int.MaxValue)
            {
                throw new ArgumentException(
                    $"An activation of batch {batch}, {channels} channels and extents "
                    + $"{string.Join('x', extents.ToArray())} has more than 2147483647 elements,"
                    + " which cuDNN cannot address; lower the batch size.");
            }
        }

        strides[0] = (int)stride;
        TensorDescriptor owner = new();
        nint created;
        CudnnLibrary.CreateTensorDescriptor(&created).Check();
        owner.SetHandle(created);
        fixed (int* dimensionsPointer = dimensions, stridesPointer = strides)
        {
            CudnnLibrary.SetTensorNdDescriptor(owner, type, rank, dimensionsPointer, stridesPointer).Check();
        }

        return owner;
    }

    protected override bool ReleaseHandle() => CudnnLibrary.DestroyTensorDescriptor(handle) == CudnnStatus.Success;
}
