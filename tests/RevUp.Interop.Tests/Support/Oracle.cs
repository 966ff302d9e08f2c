namespace RevUp.Interop.Tests.Support;

/// <summary>
/// The naive float64 reference as functions of arrays, which RevUp.Operations writes but for
/// convolutions. Applied to absolute values, its sums are the magnitudes that error bounds need.
/// </summary>
internal static unsafe partial class Oracle
{
    internal static double[] Widen(float[] values) => Array.ConvertAll(values, value => (double)value);

    internal static double[] Widen(byte[] values) => Array.ConvertAll(values, value => (double)value);

    internal static double[] Magnitudes(float[] values) => Array.ConvertAll(values, value => Math.Abs((double)value));

    internal static double[] ConvolutionFprop(CpuConvolutionGeometry geometry, double[] src, double[] weights)
    {
        double[] dst = new double[Shapes.DestinationElements(geometry)];
        fixed (double* psrc = src, pweights = weights, pdst = dst)
        {
            CpuReference.ConvolutionFprop(&geometry, psrc, pweights, pdst);
        }

        return dst;
    }

    internal static double[] ConvolutionDgrad(CpuConvolutionGeometry geometry, double[] diffDst, double[] weights)
    {
        double[] diffSrc = new double[Shapes.SourceElements(geometry)];
        fixed (double* pdiffDst = diffDst, pweights = weights, pdiffSrc = diffSrc)
        {
            CpuReference.ConvolutionDgrad(&geometry, pdiffDst, pweights, pdiffSrc);
        }

        return diffSrc;
    }

    internal static double[] ConvolutionWgrad(CpuConvolutionGeometry geometry, double[] src, double[] diffDst)
    {
        double[] diffWeights = new double[Shapes.WeightElements(geometry)];
        fixed (double* psrc = src, pdiffDst = diffDst, pdiffWeights = diffWeights)
        {
            CpuReference.ConvolutionWgrad(&geometry, psrc, pdiffDst, pdiffWeights);
        }

        return diffWeights;
    }
}
