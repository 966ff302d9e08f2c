namespace RevUp.Interop.Cpu;

/// <summary>The shape of a channels-last activation, N (D) H W C (revup_shape).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CpuShape
{
    /// <summary>Spatial dimensions: 2 or 3.</summary>
    public int Rank;

    private readonly int _reserved;

    /// <summary>N.</summary>
    public long Batch;

    /// <summary>(D) H W: <see cref="Rank"/> of them.</summary>
    public Extents Extent;

    /// <summary>C.</summary>
    public long Channels;
}

/// <summary>
/// A grouped convolution without bias; weights O (D) H W I/groups (revup_convolution_geometry).
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CpuConvolutionGeometry
{
    /// <summary>Spatial dimensions: 2 or 3.</summary>
    public int Rank;

    /// <summary>
    /// Of src, dst and the arithmetic; weights and their gradients are always float32.
    /// </summary>
    public CpuType Type;

    /// <summary>N.</summary>
    public long Batch;

    /// <summary>C of src.</summary>
    public long InChannels;

    /// <summary>C of dst.</summary>
    public long OutChannels;

    /// <summary>Divides both channel counts.</summary>
    public long Groups;

    /// <summary>The passes that follow.</summary>
    public CpuConvolutionUse Use;

    private readonly int _reserved;

    /// <summary>Extents of src.</summary>
    public Extents Input;

    /// <summary>Extents of the kernel.</summary>
    public Extents Kernel;

    /// <summary>Steps between outputs.</summary>
    public Extents Stride;

    /// <summary>On both sides.</summary>
    public Extents Padding;
}

/// <summary>Memory of a created convolution, in bytes (revup_convolution_sizes).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CpuConvolutionSizes
{
    /// <summary>Extents of dst: (input + 2·padding − kernel) / stride + 1, rounded down.</summary>
    public Extents Output;

    /// <summary>Packed weights, in one buffer for fprop and dgrad.</summary>
    public long PackedBytes;

    /// <summary>Scratch of <see cref="CpuLibrary.ConvolutionPack"/>.</summary>
    public long PackScratchBytes;

    /// <summary>Scratch of <see cref="CpuLibrary.ConvolutionFprop"/>.</summary>
    public long FpropScratchBytes;

    /// <summary>Scratch of <see cref="CpuLibrary.ConvolutionDgrad"/>.</summary>
    public long DgradScratchBytes;

    /// <summary>Scratch of <see cref="CpuLibrary.ConvolutionWgrad"/>.</summary>
    public long WgradScratchBytes;

    /// <summary>How fprop and dgrad are computed.</summary>
    public CpuConvolutionAlgorithm DataAlgorithm;

    /// <summary>How wgrad is computed.</summary>
    public CpuConvolutionAlgorithm WeightsAlgorithm;
}
