namespace RevUp.Interop.Cudnn;

/// <summary>
/// Owns the description of a convolution: stride, padding, groups and arithmetic, with float32
/// accumulators and no dilation.
/// </summary>
internal sealed class ConvolutionDescriptor : OwnedHandle
{
    /// <summary>Describes a convolution.</summary>
    /// <param name="stride">Steps between outputs, (D) H W.</param>
    /// <param name="padding">Zeros on both sides, (D) H W.</param>
    /// <param name="groups">Divides both channel counts.</param>
    /// <param name="mathType">Which arithmetic may be used.</param>
    public static unsafe ConvolutionDescriptor Create(
        ReadOnlySpan<int> stride, ReadOnlySpan<int> padding, int groups, CudnnMathType mathType)
    {
        Span<int> dilation = stackalloc int[stride.Length];
        dilation.Fill(1);
        ConvolutionDescriptor owner = new();
        nint created;
        CudnnLibrary.CreateConvolutionDescriptor(&created).Check();
        owner.SetHandle(created);
        fixed (int* paddingPointer = padding, stridePointer = stride, dilationPointer = dilation)
        {
            CudnnLibrary.SetConvolutionNdDescriptor(
                owner, stride.Length, paddingPointer, stridePointer, dilationPointer,
                CudnnConvolutionMode.CrossCorrelation, CudnnDataType.Float32).Check();
        }

        CudnnLibrary.SetConvolutionGroupCount(owner, groups).Check();
        owner.SetMathType(mathType);
        return owner;
    }

    /// <summary>Changes which arithmetic may be used.</summary>
    public void SetMathType(CudnnMathType mathType) => CudnnLibrary.SetConvolutionMathType(this, mathType).Check();

    protected override bool ReleaseHandle() => CudnnLibrary.DestroyConvolutionDescriptor(handle) == CudnnStatus.Success;
}
