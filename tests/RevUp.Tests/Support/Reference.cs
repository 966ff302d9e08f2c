using RevUp.Interop.Cpu;

namespace RevUp.Tests.Support;

/// <summary>
/// The forward passes of the layers in float64, from the native library's naive oracle: what
/// central differences are taken of.
/// </summary>
internal static unsafe class Reference
{
    /// <summary>φ(x + a) + b.</summary>
    public static double[] Preactivation(Activation activation, double[] x, double a, double b)
    {
        double[] y = new double[x.Length];
        fixed (double* px = x, py = y)
        {
            CpuReference.PreactivationForward(x.Length, (CpuActivation)activation, px, a, b, py);
        }
        return y;
    }

    /// <summary>
    /// φ of x normalised by the mean and the variance of its own channels, times weight, plus bias.
    /// </summary>
    public static double[] BatchNorm(Activation activation, int channels, double[] x, double[] weight, double[] bias)
    {
        double[] y = new double[x.Length];
        double* statistics = stackalloc double[4 * channels];
        fixed (double* px = x, pw = weight, pb = bias, py = y)
        {
            int rows = x.Length / channels;
            double* mean = statistics, variance = statistics + channels;
            CpuReference.BatchNormStatistics(
                rows, channels, px, 0, mean, variance, statistics + 2 * channels, statistics + 3 * channels);
            CpuReference.BatchNormForward(
                rows, channels, (CpuActivation)activation, px, mean, variance, RevUp.Layers.BatchNorm.Epsilon, pw, pb,
                py);
        }
        return y;
    }

    /// <summary>The same with the mean and the variance of every sample's channels.</summary>
    public static double[] InstanceNorm(
        Activation activation, int batch, int channels, double[] x, double[] weight, double[] bias) =>
        [.. x.Chunk(x.Length / batch).SelectMany(sample => BatchNorm(activation, channels, sample, weight, bias))];

    /// <summary>φ(x + bias) with a bias per channel.</summary>
    public static double[] AddBias(Activation activation, int channels, double[] x, double[] bias)
    {
        double[] y = new double[x.Length];
        fixed (double* px = x, pb = bias, py = y)
        {
            CpuReference.BatchNormForward(
                x.Length / channels, channels, (CpuActivation)activation, px, null, null, 0, null, pb, py);
        }
        return y;
    }

    /// <summary>W ∗ x.</summary>
    public static double[] Convolution(ConvolutionGeometry geometry, double[] x, double[] w)
    {
        CpuConvolutionGeometry native = new()
        {
            Rank = geometry.Input.SpatialRank,
            Batch = geometry.Input.Batch,
            InChannels = geometry.Input.Channels,
            OutChannels = geometry.OutputChannels,
            Groups = geometry.Groups,
        };
        for (int axis = 0; axis < native.Rank; axis++)
        {
            native.Input[axis] = geometry.Input.Extent(axis);
            native.Kernel[axis] = geometry.Kernel[axis];
            native.Stride[axis] = geometry.Stride[axis];
            native.Padding[axis] = geometry.Padding[axis];
        }
        double[] y = new double[geometry.Output.Count];
        fixed (double* px = x, pw = w, py = y)
        {
            CpuReference.ConvolutionFprop(&native, px, pw, py);
        }
        return y;
    }

    /// <summary>
    /// Maximum over windows of 3, stride 2, padding 1; <paramref name="output"/> is the shape of
    /// the result.
    /// </summary>
    public static double[] MaxPool(Shape input, Shape output, double[] x)
    {
        CpuShape shape = Native(input);
        double[] y = new double[output.Count];
        fixed (double* px = x, py = y)
        {
            CpuReference.MaxPoolForward(&shape, px, output.Channels, py);
        }
        return y;
    }

    /// <summary>Space-to-depth with blocks of 2.</summary>
    public static double[] Squeeze(Shape input, double[] x)
    {
        CpuShape shape = Native(input);
        double[] y = new double[x.Length];
        fixed (double* px = x, py = y)
        {
            CpuReference.Squeeze(&shape, px, py);
        }
        return y;
    }

    /// <summary>The halves of the channels, C each, one after the other.</summary>
    public static double[] SplitChannels(int channels, double[] x)
    {
        double[] y = new double[x.Length];
        fixed (double* px = x, py = y)
        {
            CpuReference.SplitChannels(x.Length / channels / 2, channels, px, py, py + x.Length / 2);
        }
        return y;
    }

    /// <summary>The inverse.</summary>
    public static double[] MergeChannels(int channels, double[] x)
    {
        double[] y = new double[x.Length];
        fixed (double* px = x, py = y)
        {
            CpuReference.MergeChannels(x.Length / channels / 2, channels, px, px + x.Length / 2, py);
        }
        return y;
    }

    /// <summary>Appends zero channels.</summary>
    public static double[] PadChannels(Shape input, int channels, double[] x)
    {
        double[] y = new double[x.Length / input.Channels * channels];
        fixed (double* px = x, py = y)
        {
            CpuReference.ResizeChannels(x.Length / input.Channels, input.Channels, px, channels, py);
        }
        return y;
    }

    /// <summary>W · (mean of x over positions) + bias.</summary>
    public static double[] Classifier(Shape input, double[] x, double[] w, double[] bias)
    {
        double[] pooled = new double[input.Batch * input.Channels];
        double[] y = new double[input.Batch * bias.Length];
        fixed (double* px = x, pp = pooled, pw = w, pb = bias, py = y)
        {
            CpuReference.GlobalAveragePoolForward(input.Batch, input.Positions, input.Channels, px, pp);
            CpuReference.LinearForward(input.Batch, input.Channels, bias.Length, pp, pw, pb, py);
        }
        return y;
    }

    private static CpuShape Native(Shape shape)
    {
        CpuShape native = new() { Rank = shape.SpatialRank, Batch = shape.Batch, Channels = shape.Channels };
        for (int axis = 0; axis < shape.SpatialRank; axis++)
        {
            native.Extent[axis] = shape.Extent(axis);
        }
        return native;
    }
}
