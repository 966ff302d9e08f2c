using RevUp.Interop.Cpu;

namespace RevUp.Interop.Tests.Support;

/// <summary>Quantised differences in float64.</summary>
internal static unsafe partial class Oracle
{
    internal static double[] QuantizeBegin(double[] x)
    {
        double[] decoded = new double[x.Length];
        fixed (double* px = x, pdecoded = decoded)
        {
            CpuReference.QuantizeBegin(x.Length, px, pdecoded);
        }

        return decoded;
    }

    internal static (double[] Y, double[] Decoded, double[] Codes, double[] Steps) QuantizeResidual(
        CpuShape shape, int bits, double[] x, double[] z, double s, double[] decoded)
    {
        double[] y = new double[x.Length];
        double[] known = [.. decoded];
        double[] codes = new double[x.Length];
        double[] steps = new double[shape.Batch * shape.Channels];
        fixed (double* px = x, pz = z, py = y, pknown = known, pcodes = codes, psteps = steps)
        {
            CpuReference.QuantizeResidual(shape.Batch, Shapes.Positions(shape), shape.Channels, bits, px, pz, s, py, pknown, pcodes, psteps);
        }

        return (y, known, codes, steps);
    }

    internal static double[] QuantizeRetrace(CpuShape shape, double[] codes, double[] steps, double[] decoded)
    {
        double[] known = [.. decoded];
        fixed (double* pcodes = codes, psteps = steps, pknown = known)
        {
            CpuReference.QuantizeRetrace(shape.Batch, Shapes.Positions(shape), shape.Channels, pcodes, psteps, pknown);
        }

        return known;
    }
}
