using RevUp.Interop.Cpu;

namespace RevUp.Interop.Tests.Support;

/// <summary>Factors of parameters in float64.</summary>
internal static unsafe partial class Oracle
{
    internal static (double[] Scales, double Bound) BranchScaleForward(CpuBranchBound mode, double coefficient, double multiplier, double[] sigmas)
    {
        double[] scales = new double[2 * sigmas.Length + 1];
        double bound;
        fixed (double* psigmas = sigmas, pscales = scales)
        {
            CpuReference.BranchScaleForward(mode, sigmas.Length, coefficient, multiplier, psigmas, pscales, &bound);
        }

        return (scales, bound);
    }

    internal static (double Multiplier, double[] Sigmas) BranchScaleBackward(
        CpuBranchBound mode, double coefficient, double multiplier, double[] sigmas, double[] scales, double[] dots)
    {
        double ofMultiplier = 0;
        double[] ofSigmas = new double[sigmas.Length];
        fixed (double* psigmas = sigmas, pscales = scales, pdots = dots, pgradients = ofSigmas)
        {
            CpuReference.BranchScaleBackward(mode, sigmas.Length, coefficient, multiplier, psigmas, pscales, pdots, &ofMultiplier, pgradients);
        }

        return (ofMultiplier, ofSigmas);
    }

    internal static (double[] Factor, double[] InverseFactor, double[] InverseShift) AffineFactorsForward(double[] t, double[] b)
    {
        (double[] factor, double[] inverseFactor, double[] inverseShift) = (new double[t.Length], new double[t.Length], new double[t.Length]);
        fixed (double* pt = t, pb = b, pfactor = factor, pinverse = inverseFactor, pshift = inverseShift)
        {
            CpuReference.AffineFactorsForward(t.Length, pt, pb, pfactor, pinverse, pshift);
        }

        return (factor, inverseFactor, inverseShift);
    }

    /// <summary>The term that is added to the gradient.</summary>
    internal static double[] AffineFactorsBackward(double[] t, double[] factorGradient)
    {
        double[] gradient = new double[t.Length];
        fixed (double* pt = t, pfactor = factorGradient, pgradient = gradient)
        {
            CpuReference.AffineFactorsBackward(t.Length, pt, pfactor, pgradient);
        }

        return gradient;
    }

    internal static double[] ChannelRotationsForward(int channels, double[] angles)
    {
        double[] matrix = new double[channels * channels];
        fixed (double* pangles = angles, pmatrix = matrix)
        {
            CpuReference.ChannelRotationsForward(channels, pangles, pmatrix);
        }

        return matrix;
    }

    /// <summary>The term that is added to the gradient of the angles; both matrices are undone in place.</summary>
    internal static double[] ChannelRotationsBackward(int channels, double[] angles, double[] matrix, double[] matrixGradient)
    {
        double[] gradient = new double[angles.Length];
        fixed (double* pangles = angles, pmatrix = matrix, pmatrixGradient = matrixGradient, pgradient = gradient)
        {
            CpuReference.ChannelRotationsBackward(channels, pangles, pmatrix, pmatrixGradient, pgradient);
        }

        return gradient;
    }
}
