namespace RevUp.Interop.Tests.Hostile;

/// <summary>
/// Every function that takes pointers to tensors, with arguments that it accepts; see
/// <see cref="AbiMemory"/> for what they point at. RevUp.Operations writes the functions that
/// revup_cpu.h describes.
/// </summary>
internal static unsafe partial class AbiFunctions
{
    internal static readonly AbiFunction[] All =
    [
        .. Described,
        new("convolution_create",
            [new(ArgumentKind.Structure, "geometry", AbiMemory.Convolution), new(ArgumentKind.Statistic, "handle")],
            v => CreateAndDestroy(v[0], v[1])),
        new("convolution_query",
            [new(ArgumentKind.Handle, "handle"), new(ArgumentKind.Statistic, "sizes")],
            v => CpuLibrary.ConvolutionQuery(AbiMemory.Handle(v[0]), (CpuConvolutionSizes*)v[1])),
    ];

    private static CpuStatus CreateAndDestroy(long geometry, long handle)
    {
        CpuStatus status = CpuLibrary.ConvolutionCreate((CpuConvolutionGeometry*)geometry, (nint*)handle);
        if (status == CpuStatus.Ok)
        {
            CpuLibrary.ConvolutionDestroy(*(nint*)handle).Check();
        }

        return status;
    }
}
