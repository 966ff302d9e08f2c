using RevUp.Interop.Cpu;

namespace RevUp.Interop.Tests.Support;

/// <summary>Batch normalisation, and the halves of channels.</summary>
internal static unsafe partial class Oracle
{
    internal static (double[] Mean, double[] Variance) BatchNormStatistics(
        int channels, double[] x, double momentum, double[] runningMean, double[] runningVariance)
    {
        double[] mean = new double[channels];
        double[] variance = new double[channels];
        fixed (double* px = x, pmean = mean, pvariance = variance, pmean0 = runningMean, pvariance0 = runningVariance)
        {
            CpuReference.BatchNormStatistics(x.Length / channels, channels, px, momentum, pmean, pvariance, pmean0, pvariance0);
        }

        return (mean, variance);
    }

    internal static double[] BatchNormForward(CpuActivation activation, double[] x, BatchNormArrays channels)
    {
        (double[]? mean, double[]? variance, double[]? weight, double[] bias) = Widen(channels);
        double[] y = new double[x.Length];
        fixed (double* px = x, pmean = mean, pvariance = variance, pweight = weight, pbias = bias, py = y)
        {
            CpuReference.BatchNormForward(
                x.Length / channels.Channels, channels.Channels, activation, px, pmean, pvariance, channels.Epsilon, pweight, pbias, py);
        }

        return y;
    }

    /// <summary>Adds to the gradients of weight and bias in place.</summary>
    internal static double[] BatchNormBackward(
        CpuActivation activation, double[] x, BatchNormArrays channels, double[] dy, double scale, double[]? residual, double[] weightGradient,
        double[] biasGradient)
    {
        (double[]? mean, double[]? variance, double[]? weight, double[] bias) = Widen(channels);
        double[] dx = new double[x.Length];
        fixed (double* px = x, pmean = mean, pvariance = variance, pweight = weight, pbias = bias, pdy = dy, presidual = residual, pdx = dx)
        {
            fixed (double* dweight = weightGradient, dbias = biasGradient)
            {
                CpuReference.BatchNormBackward(
                    x.Length / channels.Channels, channels.Channels, activation, px, pmean, pvariance, channels.Epsilon, pweight, pbias, pdy, scale,
                    presidual, pdx, dweight, dbias);
            }
        }

        return dx;
    }

    internal static (double[] First, double[] Second) SplitChannels(int channels, double[] x)
    {
        double[] first = new double[x.Length / 2];
        double[] second = new double[x.Length / 2];
        fixed (double* px = x, pfirst = first, psecond = second)
        {
            CpuReference.SplitChannels(first.Length / channels, channels, px, pfirst, psecond);
        }

        return (first, second);
    }

    internal static double[] MergeChannels(int channels, double[] first, double[] second)
    {
        double[] x = new double[2 * first.Length];
        fixed (double* pfirst = first, psecond = second, px = x)
        {
            CpuReference.MergeChannels(first.Length / channels, channels, pfirst, psecond, px);
        }

        return x;
    }

    private static (double[]? Mean, double[]? Variance, double[]? Weight, double[] Bias) Widen(BatchNormArrays channels) =>
        (Optional(channels.Mean), Optional(channels.Variance), Optional(channels.Weight), Widen(channels.Bias));

    private static double[]? Optional(float[]? values) => values is null ? null : Widen(values);
}
