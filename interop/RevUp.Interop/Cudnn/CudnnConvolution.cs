namespace RevUp.Interop.Cudnn;

/// <summary>
/// A grouped convolution without bias, channels-last, of one geometry: its descriptors, and one
/// algorithm per pass, chosen once and deterministic.
/// <list type="bullet">
/// <item>x: N (D) H W I; w: O (D) H W I/groups; y: N (D') H' W' O. None may alias another.</item>
/// <item>All of them have the geometry's type, dw too: in bfloat16 the gradient of the weights is
/// rounded to bfloat16, which the caller may cast.
/// The legacy API has no mixed pair of types; accumulators are float32.</item>
/// <item>A call takes a workspace of the pass's size, aligned to 256 bytes and of undefined
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
    private readonly ConvolutionDescriptor _forward;
    private readonly ConvolutionDescriptor _backwardData;
    private readonly ConvolutionDescriptor _backwardFilter;
    private readonly CudnnAlgorithm _forwardAlgorithm;
    private readonly CudnnAlgorithm _backwardDataAlgorithm;
    private readonly CudnnAlgorithm _backwardFilterAlgorithm;

    /// <summary>
    /// Chooses the algorithms: of each pass's heuristic order the first that is deterministic and
    /// whose workspace is within the limit.
    /// </summary>
    /// <param name="handle">Where the calls go; it must outlive this object.</param>
    /// <param name="geometry">The convolution.</param>
    /// <param name="workspaceLimit">The largest acceptable workspace, in bytes.</param>
    /// <exception cref="NativeException">
    /// cuDNN refuses the geometry, or has no deterministic algorithm for it within the limit.
    /// </exception>
    public CudnnConvolution(CudnnHandle handle, in CudnnGeometry geometry, long workspaceLimit)
    {
        _handle = handle;
        _x = TensorDescriptor.Create(geometry.Type, geometry.Batch, geometry.InChannels, geometry.Input);
        _y = TensorDescriptor.Create(geometry.Type, geometry.Batch, geometry.OutChannels, geometry.Output());
        _w = FilterDescriptor.Create(
            geometry.Type, geometry.OutChannels, geometry.InChannels / geometry.Groups, geometry.Kernel);

        // One descriptor per pass: an algorithm runs in the arithmetic that it was offered with,
        // which may differ between passes.
        _forward = Describe(geometry);
        _backwardData = Describe(geometry);
        _backwardFilter = Describe(geometry);

        CudnnAlgorithmPerformance* candidates = stackalloc CudnnAlgorithmPerformance[MaximumCandidates];
        int count;
        CudnnLibrary.GetForwardAlgorithms(_handle, _x, _w, _forward, _y, MaximumCandidates, &count, candidates).Check();
        _forwardAlgorithm = CudnnAlgorithm.Choose(
            "fprop", geometry, new(candidates, count), workspaceLimit, _forward,
            (int algorithm, nuint* bytes) =>
                CudnnLibrary.GetForwardWorkspaceSize(_handle, _x, _w, _forward, _y, algorithm, bytes));
        CudnnLibrary.GetBackwardDataAlgorithms(
            _handle, _w, _y, _backwardData, _x, MaximumCandidates, &count, candidates)
            .Check();
        _backwardDataAlgorithm = CudnnAlgorithm.Choose(
            "dgrad", geometry, new(candidates, count), workspaceLimit, _backwardData,
            (int algorithm, nuint* bytes) =>
                CudnnLibrary.GetBackwardDataWorkspaceSize(_handle, _w, _y, _backwardData, _x, algorithm, bytes));
        CudnnLibrary.GetBackwardFilterAlgorithms(
            _handle, _x, _y, _backwardFilter, _w, MaximumCandidates, &count, candidates)
            .Check();
        _backwardFilterAlgorithm = CudnnAlgorithm.Choose(
            "wgrad", geometry, new(candidates, count), workspaceLimit, _backwardFilter,
            (int algorithm, nuint* bytes) =>
                CudnnLibrary.GetBackwardFilterWorkspaceSize(_handle, _x, _y, _backwardFilter, _w, algorithm, bytes));
    }

    /// <summary>Bytes of workspace of <see cref="Forward"/>.</summary>
    public long ForwardWorkspaceBytes => _forwardAlgorithm.WorkspaceBytes;

    /// <summary>Bytes of workspace of <see cref="BackwardData"/>.</summary>
    public long BackwardDataWorkspaceBytes => _backwardDataAlgorithm.WorkspaceBytes;

    /// <summary>Bytes of workspace of <see cref="BackwardFilter"/>.</summary>
    public long BackwardFilterWorkspaceBytes => _backwardFilterAlgorithm.WorkspaceBytes;

    /// <summary>fprop: y = w ∗ x.</summary>
    public void Forward(DevicePointer x, DevicePointer w, DevicePointer y, DevicePointer workspace)
    {
        float one = 1, zero = 0;
        CudnnLibrary.ConvolutionForward(
            _handle, &one, _x, x, _w, w, _forward, _forwardAlgorithm.Number, workspace, (nuint)ForwardWorkspaceBytes,
            &zero, _y, y).Check();
    }

    /// <summary>dgrad: dx = wᵀ ∗ dy.</summary>
    public void BackwardData(DevicePointer dy, DevicePointer w, DevicePointer dx, DevicePointer workspace)
    {
        float one = 1, zero = 0;
        CudnnLibrary.ConvolutionBackwardData(
            _handle, &one, _w, w, _y, dy, _backwardData, _backwardDataAlgorithm.Number, workspace,
            (nuint)BackwardDataWorkspaceBytes, &zero, _x, dx).Check();
    }

    /// <summary>wgrad: dw = gradient of w, overwritten, in the geometry's type.</summary>
    public void BackwardFilter(DevicePointer x, DevicePointer dy, DevicePointer dw, DevicePointer workspace)
    {
        float one = 1, zero = 0;
        CudnnLibrary.ConvolutionBackwardFilter(
            _handle, &one, _x, x, _y, dy, _backwardFilter, _backwardFilterAlgorithm.Number, workspace,
            (nuint)BackwardFilterWorkspaceBytes, &zero, _w, dw)
            .Check();
    }

    /// <summary>
    /// The algorithms that were chosen, by cuDNN's numbers, with their workspaces in bytes.
    /// </summary>
    public override string ToString() =>
        $"fprop {_forwardAlgorithm}, dgrad {_backwardDataAlgorithm}, wgrad {_backwardFilterAlgorithm}";

    public void Dispose()
    {
        _forward.Dispose();
        _backwardData.Dispose();
        _backwardFilter.Dispose();
        _w.Dispose();
        _y.Dispose();
        _x.Dispose();
    }

    private static ConvolutionDescriptor Describe(in CudnnGeometry geometry) =>
        ConvolutionDescriptor.Create(geometry.Stride, geometry.Padding, geometry.Groups, geometry.MathType);
}
