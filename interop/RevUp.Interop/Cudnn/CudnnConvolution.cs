namespace RevUp.Interop.Cudnn;

/// <summary>
/// A grouped convolution without bias, channels-last, of one geometry: its descriptors, and the
/// algorithms that its passes may take.
/// <list type="bullet">
/// <item>x: N (D) H W I; w: O (D) H W I/groups; y: N (D') H' W' O. None may alias another.</item>
/// <item>All of them have the geometry's type, dw too: in bfloat16 the gradient of the weights is
/// rounded to bfloat16, which the caller may cast.
/// The legacy API has no mixed pair of types; accumulators are float32.</item>
/// <item>A call takes a workspace of the algorithm's size, aligned to 256 bytes and of undefined
/// content. Its work is ordered on the handle's stream.</item>
/// </list>
/// Owns the descriptors and not the handle. One thread at a time.
/// </summary>
internal sealed unsafe class CudnnConvolution : IDisposable
{
    // Every algorithm of a pass fits: cuDNN has 8, 6 and 7 of them, some with and without tensor
    // cores.
    private const int MaximumCandidates = 16;

    private readonly CudnnHandle _handle;
    private readonly TensorDescriptor _x;
    private readonly TensorDescriptor _y;
    private readonly FilterDescriptor _w;
    private readonly ConvolutionDescriptor _convolution;

    /// <summary>Describes the convolution.</summary>
    /// <param name="handle">Where the calls go; it must outlive this object.</param>
    /// <param name="geometry">The convolution.</param>
    /// <exception cref="NativeException">cuDNN refuses a number of the geometry.</exception>
    /// <exception cref="ArgumentException">
    /// An activation has more than 2³¹ − 1 elements.
    /// </exception>
    public CudnnConvolution(CudnnHandle handle, in CudnnGeometry geometry)
    {
        _handle = handle;
        _x = TensorDescriptor.Create(geometry.Type, geometry.Batch, geometry.InChannels, geometry.Input);
        _y = TensorDescriptor.Create(geometry.Type, geometry.Batch, geometry.OutChannels, geometry.Output());
        _w = FilterDescriptor.Create(
            geometry.Type, geometry.OutChannels, geometry.InChannels / geometry.Groups, geometry.Kernel);
        _convolution = ConvolutionDescriptor.Create(
            geometry.Stride, geometry.Padding, geometry.Groups, geometry.MathType);
    }

    /// <summary>
    /// The algorithms of a pass, in the order of cuDNN's heuristic: those that are deterministic
    /// and whose workspace is within the limit.
    /// </summary>
    /// <param name="pass">The pass.</param>
    /// <param name="geometry">The geometry of this convolution.</param>
    /// <param name="workspaceLimit">The largest acceptable workspace, in bytes.</param>
    /// <param name="least">
    /// The smallest workspace of deterministic algorithms that want more than the limit; 0 where
    /// none does.
    /// </param>
    /// <exception cref="NativeException">cuDNN refuses the geometry.</exception>
    public IReadOnlyList<CudnnAlgorithm> Algorithms(
        ConvolutionPass pass, in CudnnGeometry geometry, long workspaceLimit, out long least)
    {
        CudnnAlgorithmPerformance* candidates = stackalloc CudnnAlgorithmPerformance[MaximumCandidates];
        int count;
        _convolution.SetMathType(geometry.MathType);
        switch (pass)
        {
            case ConvolutionPass.Forward:
                CudnnLibrary.GetForwardAlgorithms(
                    _handle, _x, _w, _convolution, _y, MaximumCandidates, &count, candidates).Check();
                break;
            case ConvolutionPass.BackwardData:
                CudnnLibrary.GetBackwardDataAlgorithms(
                    _handle, _w, _y, _convolution, _x, MaximumCandidates, &count, candidates).Check();
                break;
            default:
                CudnnLibrary.GetBackwardFilterAlgorithms(
                    _handle, _x, _y, _convolution, _w, MaximumCandidates, &count, candidates).Check();
                break;
        }

        return CudnnAlgorithm.Select(
            geometry, new(candidates, count), workspaceLimit, _convolution,
            (int algorithm, nuint* bytes) => pass switch
            {
                ConvolutionPass.Forward =>
                    CudnnLibrary.GetForwardWorkspaceSize(_handle, _x, _w, _convolution, _y, algorithm, bytes),
                ConvolutionPass.BackwardData =>
                    CudnnLibrary.GetBackwardDataWorkspaceSize(_handle, _w, _y, _convolution, _x, algorithm, bytes),
                _ => CudnnLibrary.GetBackwardFilterWorkspaceSize(_handle, _x, _y, _convolution, _w, algorithm, bytes),
            },
            out least);
    }

    /// <summary>fprop: y = w ∗ x.</summary>
    public void Forward(
        CudnnAlgorithm algorithm, DevicePointer x, DevicePointer w, DevicePointer y, DevicePointer workspace)
    {
        float one = 1, zero = 0;
        _convolution.SetMathType(algorithm.MathType);
        CudnnLibrary.ConvolutionForward(
            _handle, &one, _x, x, _w, w, _convolution, algorithm.Number, workspace, (nuint)algorithm.WorkspaceBytes,
            &zero, _y, y).Check();
    }

    /// <summary>dgrad: dx = wᵀ ∗ dy.</summary>
    public void BackwardData(
        CudnnAlgorithm algorithm, DevicePointer dy, DevicePointer w, DevicePointer dx, DevicePointer workspace)
    {
        float one = 1, zero = 0;
        _convolution.SetMathType(algorithm.MathType);
        CudnnLibrary.ConvolutionBackwardData(
            _handle, &one, _w, w, _y, dy, _convolution, algorithm.Number, workspace, (nuint)algorithm.WorkspaceBytes,
            &zero, _x, dx).Check();
    }

    /// <summary>wgrad: dw = gradient of w, overwritten, in the geometry's type.</summary>
    public void BackwardWeights(
        CudnnAlgorithm algorithm, DevicePointer x, DevicePointer dy, DevicePointer dw, DevicePointer workspace)
    {
        float one = 1, zero = 0;
        _convolution.SetMathType(algorithm.MathType);
        CudnnLibrary.ConvolutionBackwardFilter(
            _handle, &one, _x, x, _y, dy, _convolution, algorithm.Number, workspace, (nuint)algorithm.WorkspaceBytes,
            &zero, _w, dw).Check();
    }

    public void Dispose()
    {
        _convolution.Dispose();
        _w.Dispose();
        _y.Dispose();
        _x.Dispose();
    }
}
