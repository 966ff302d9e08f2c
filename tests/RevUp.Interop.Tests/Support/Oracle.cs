using RevUp.Backends;
using RevUp.Interop.Cpu;

namespace RevUp.Interop.Tests.Support;

/// <summary>
/// The naive float64 reference as functions of managed arrays. Applied to absolute values, its sums are the magnitudes that error bounds need.
/// </summary>
internal static unsafe partial class Oracle
{
    internal static double[] Widen(float[] values) => Array.ConvertAll(values, value => (double)value);

    internal static double[] Magnitudes(float[] values) => Array.ConvertAll(values, value => Math.Abs((double)value));

    internal static double[] PreactivationForward(CpuActivation activation, double[] x, double a, double b)
    {
        double[] y = new double[x.Length];
        fixed (double* px = x, py = y)
        {
            CpuReference.PreactivationForward(x.Length, activation, px, a, b, py);
        }

        return y;
    }

    internal static (double[] Dx, double SumA, double SumB) PreactivationBackward(
        CpuActivation activation, double[] x, double a, double[] dy, double scale, double[]? residual, double sumA, double sumB)
    {
        double[] dx = new double[x.Length];
        fixed (double* px = x, pdy = dy, presidual = residual, pdx = dx)
        {
            CpuReference.PreactivationBackward(x.Length, activation, px, a, pdy, scale, presidual, pdx, &sumA, &sumB);
        }

        return (dx, sumA, sumB);
    }

    internal static double[] ResidualAdd(double[] x, double[] z, double s)
    {
        double[] y = new double[x.Length];
        fixed (double* px = x, pz = z, py = y)
        {
            CpuReference.ResidualAdd(x.Length, px, pz, s, py);
        }

        return y;
    }

    internal static (double[] Next, double Difference, double Norm) FixedPointStep(double[] y, double[] z, double s, double[] x)
    {
        double[] next = new double[x.Length];
        double difference, norm;
        fixed (double* py = y, pz = z, px = x, pnext = next)
        {
            CpuReference.FixedPointStep(x.Length, py, pz, s, px, pnext, &difference, &norm);
        }

        return (next, difference, norm);
    }

    internal static double[] Axpy(double alpha, double[] x, double[] y)
    {
        double[] result = (double[])y.Clone();
        fixed (double* px = x, py = result)
        {
            CpuReference.Axpy(x.Length, alpha, px, py);
        }

        return result;
    }

    internal static double Sum(double[] x)
    {
        fixed (double* px = x)
        {
            return CpuReference.Sum(x.Length, px);
        }
    }

    internal static double Dot(double[] x, double[] y)
    {
        fixed (double* px = x, py = y)
        {
            return CpuReference.Dot(x.Length, px, py);
        }
    }

    internal static double[] Squeeze(CpuShape shape, double[] x)
    {
        double[] y = new double[x.Length];
        fixed (double* px = x, py = y)
        {
            CpuReference.Squeeze(&shape, px, py);
        }

        return y;
    }

    internal static double[] Unsqueeze(CpuShape shape, double[] y)
    {
        double[] x = new double[y.Length];
        fixed (double* py = y, px = x)
        {
            CpuReference.Unsqueeze(&shape, py, px);
        }

        return x;
    }

    internal static double[] ResizeChannels(int rows, int xChannels, double[] x, int yChannels)
    {
        double[] y = new double[rows * yChannels];
        fixed (double* px = x, py = y)
        {
            CpuReference.ResizeChannels(rows, xChannels, px, yChannels, py);
        }

        return y;
    }

    internal static double[] GlobalAveragePoolForward(CpuShape shape, double[] x)
    {
        double[] y = new double[Shapes.Rows(shape)];
        fixed (double* px = x, py = y)
        {
            CpuReference.GlobalAveragePoolForward(&shape, px, py);
        }

        return y;
    }

    internal static double[] GlobalAveragePoolBackward(CpuShape shape, double[] dy)
    {
        double[] dx = new double[Shapes.Elements(shape)];
        fixed (double* pdy = dy, pdx = dx)
        {
            CpuReference.GlobalAveragePoolBackward(&shape, pdy, pdx);
        }

        return dx;
    }

    internal static double[] MaxPoolForward(CpuPoolGeometry geometry, double[] x)
    {
        double[] y = new double[Shapes.OutputElements(geometry)];
        fixed (double* px = x, py = y)
        {
            CpuReference.MaxPoolForward(&geometry, px, py);
        }

        return y;
    }

    internal static double[] MaxPoolBackward(CpuPoolGeometry geometry, double[] x, double[] dy)
    {
        double[] dx = new double[x.Length];
        fixed (double* px = x, pdy = dy, pdx = dx)
        {
            CpuReference.MaxPoolBackward(&geometry, px, pdy, pdx);
        }

        return dx;
    }

    internal static double[] LinearForward(int batch, int inputs, int outputs, double[] x, double[] w, double[] bias)
    {
        double[] y = new double[batch * outputs];
        fixed (double* px = x, pw = w, pbias = bias, py = y)
        {
            CpuReference.LinearForward(batch, inputs, outputs, px, pw, pbias, py);
        }

        return y;
    }

    internal static (double[] Dx, double[] Dw, double[] Dbias) LinearBackward(
        int batch, int inputs, int outputs, double[] x, double[] w, double[] dy, double[] dw, double[] dbias)
    {
        double[] dx = new double[x.Length];
        double[] weightGradient = (double[])dw.Clone();
        double[] biasGradient = (double[])dbias.Clone();
        fixed (double* px = x, pw = w, pdy = dy, pdx = dx, pdw = weightGradient, pdbias = biasGradient)
        {
            CpuReference.LinearBackward(batch, inputs, outputs, px, pw, pdy, pdx, pdw, pdbias);
        }

        return (dx, weightGradient, biasGradient);
    }

    internal static (double[] Gradient, double LossSum, long Correct) CrossEntropy(
        int batch, int classes, double[] logits, double[] targets, double gradientScale)
    {
        double[] gradient = new double[logits.Length];
        double loss;
        long correct;
        fixed (double* plogits = logits, ptargets = targets, pgradient = gradient)
        {
            CpuReference.CrossEntropy(batch, classes, plogits, ptargets, gradientScale, pgradient, &loss, &correct);
        }

        return (gradient, loss, correct);
    }

    internal static StepVerdictResult StepVerdict(StepLimits limits, StepStatistics statistics, OptimizerNumbers settings)
    {
        double[] losses = (double[])statistics.Losses.Clone();
        double squareSum = statistics.SquareSum;
        StepOutcome outcome;
        fixed (double* plosses = losses, pinversions = statistics.Inversions, pevaluations = statistics.Evaluations)
        fixed (float* pcoefficients = statistics.Coefficients)
        {
            CpuReference.StepVerdict(
                statistics.Blocks, statistics.Stride, limits.Averaging, limits.ClipNorm, limits.HardLimit, limits.Tolerance, limits.Rounding, plosses,
                &squareSum, pinversions, pevaluations, pcoefficients, (double*)&settings, (double*)&outcome);
        }

        return new StepVerdictResult(settings, outcome, losses);
    }

    /// <summary>Updates the momentum and the weights of one group in place.</summary>
    internal static void Sgd(OptimizerNumbers s, GroupNumbers group, Span<double> gradient, Span<double> momentum, Span<double> weights)
    {
        fixed (double* pgradient = gradient, pmomentum = momentum, pweights = weights)
        {
            CpuReference.Sgd(
                weights.Length, group.LearningRate, s.Momentum, group.WeightDecay, (int)s.Nesterov, s.GradientScale, pgradient, pmomentum, pweights);
        }
    }

    /// <summary>Updates the moments and the weights of one group in place.</summary>
    internal static void AdamW(
        OptimizerNumbers s, GroupNumbers group, long step, Span<double> gradient, Span<double> firstMoment, Span<double> secondMoment, Span<double> weights)
    {
        fixed (double* pgradient = gradient, pfirst = firstMoment, psecond = secondMoment, pweights = weights)
        {
            CpuReference.AdamW(
                weights.Length, group.LearningRate, s.Beta1, s.Beta2, s.Epsilon, group.WeightDecay, step, s.GradientScale, pgradient, pfirst, psecond,
                pweights);
        }
    }

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
