namespace RevUp.Interop.Tests.Support;

/// <summary>
/// The geometries of the suite: the residual branch's, the stem's, and odd ones, in 2-D and 3-D.
/// </summary>
internal static class ConvolutionGeometries
{
    internal static IEnumerable<(string Name, CpuConvolutionGeometry Geometry)> All(CpuType type)
    {
        yield return ("3x3", Make(type, 2, 16, 32, 1, [8, 8], [3, 3], [1, 1], [1, 1]));
        yield return ("3x3 with odd channels and extents", Make(type, 3, 5, 7, 1, [9, 11], [3, 3], [1, 1], [1, 1]));
        yield return ("1x1", Make(type, 2, 17, 33, 1, [7, 5], [1, 1], [1, 1], [0, 0]));

        yield return ("single element", Make(type, 1, 1, 1, 1, [1, 1], [1, 1], [1, 1], [0, 0]));
        yield return ("3x3 in 4 groups", Make(type, 2, 16, 24, 4, [7, 9], [3, 3], [1, 1], [1, 1]));
        yield return ("depthwise", Make(type, 2, 9, 9, 9, [6, 7], [3, 3], [1, 1], [1, 1]));
        yield return ("strided", Make(type, 2, 16, 16, 1, [9, 10], [3, 3], [2, 2], [1, 1]));
        yield return ("strided in 2 groups", Make(type, 1, 6, 10, 2, [11, 8], [3, 3], [2, 3], [1, 0]));
        yield return ("stem 7x7/2", Make(type, 1, 3, 16, 1, [19, 21], [7, 7], [2, 2], [3, 3]));
        yield return ("unequal axes", Make(type, 2, 4, 6, 1, [8, 13], [1, 5], [1, 2], [0, 2]));
        yield return ("3-D 3x3x3", Make(type, 2, 8, 16, 1, [4, 5, 6], [3, 3, 3], [1, 1, 1], [1, 1, 1]));
        yield return ("3-D odd", Make(type, 1, 3, 5, 1, [5, 7, 3], [3, 1, 3], [1, 1, 1], [1, 0, 1]));
        yield return ("3-D 1x1x1", Make(type, 2, 7, 9, 1, [3, 4, 5], [1, 1, 1], [1, 1, 1], [0, 0, 0]));
        yield return ("3-D strided in 2 groups", Make(type, 1, 8, 4, 2, [7, 6, 5], [3, 3, 3], [2, 2, 2], [1, 1, 1]));

        if (type == CpuType.Float32)
        {
            foreach ((string name, CpuConvolutionGeometry geometry) in Tiled(type))
            {
                yield return (name, geometry);
            }
        }

        // Implementations of oneDNN are wrong here (convolution_defects.h): the library has to
        // choose others.
        yield return ("1x1 to odd channels at 30 positions", Make(type, 1, 16, 9, 1, [5, 6], [1, 1], [1, 1], [0, 0]));
        yield return ("strided 1x1 of 5 channels", Make(type, 6, 5, 40, 1, [16, 8], [1, 1], [2, 2], [0, 0]));
        yield return ("strided 1x1 of 13 channels", Make(type, 6, 13, 19, 1, [6, 14], [1, 1], [2, 2], [0, 0]));
        yield return ("3x3/2 over a width of 1", Make(type, 2, 29, 1, 1, [9, 1], [3, 3], [2, 2], [1, 1]));
        yield return ("3-D of depth 2", Make(type, 6, 24, 6, 1, [2, 3, 2], [3, 3, 3], [1, 1, 1], [1, 1, 1]));
        yield return ("3-D of depth 3, strided", Make(type, 3, 19, 15, 1, [3, 7, 6], [3, 3, 3], [2, 2, 2], [1, 1, 1]));
        yield return (
            "3-D over a height of 1, strided", Make(type, 2, 12, 2, 1, [5, 1, 1], [3, 3, 3], [2, 2, 2], [1, 1, 1]));
        yield return (
            "3-D of one input channel and depth 1",
            Make(type, 5, 1, 16, 1, [1, 5, 3], [5, 5, 5], [1, 1, 1], [2, 2, 2]));
    }

    /// <summary>
    /// Large enough for the CPU library to choose Winograd's convolution, in float32 and with up to
    /// 2 threads.
    /// </summary>
    internal static IEnumerable<(string Name, CpuConvolutionGeometry Geometry)> Tiled(CpuType type)
    {
        yield return ("3x3 in cut tiles", Make(type, 5, 48, 64, 1, [15, 18], [3, 3], [1, 1], [1, 1]));
        yield return (
            "3x3 in tiles without and with twice the padding",
            Make(type, 7, 48, 48, 1, [15, 14], [3, 3], [1, 1], [0, 2]));
        yield return ("3-D in cut tiles", Make(type, 4, 32, 48, 1, [4, 12, 14], [3, 3, 3], [1, 1, 1], [1, 1, 1]));
        yield return (
            "3-D of two taps of depth", Make(type, 3, 32, 32, 1, [4, 10, 15], [2, 3, 3], [1, 1, 1], [1, 2, 0]));
        yield return (
            "3-D with twice the padding along the depth",
            Make(type, 2, 32, 32, 1, [4, 14, 15], [3, 3, 3], [1, 1, 1], [2, 0, 1]));
        yield return (
            "3-D of depth 1 in tiles", Make(type, 8, 32, 32, 1, [1, 15, 16], [3, 3, 3], [1, 1, 1], [1, 1, 1]));
    }

    internal static CpuConvolutionGeometry Make(
        CpuType type, long batch, long inChannels, long outChannels, long groups, long[] input, long[] kernel,
        long[] stride, long[] padding) => new()
        {
            Rank = input.Length,
            Type = type,
            Batch = batch,
            InChannels = inChannels,
            OutChannels = outChannels,
            Groups = groups,
            Input = new Extents(input),
            Kernel = new Extents(kernel),
            Stride = new Extents(stride),
            Padding = new Extents(padding),
        };
}
