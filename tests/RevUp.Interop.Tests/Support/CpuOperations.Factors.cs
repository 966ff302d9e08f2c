using RevUp.Interop.Cpu;

namespace RevUp.Interop.Tests.Support;

/// <summary>Factors of parameters on the CPU library.</summary>
internal sealed unsafe partial class CpuOperations
{
    public (float[] Scales, double Bound) BranchScaleForward(
        CpuBranchBound mode, float coefficient, float multiplier, float[] sigmas, bool withBound)
    {
        using NativeArena memory = Begin();
        int length = 2 * sigmas.Length + 1;
        float* scales = memory.Floats(length);
        double* bound = withBound ? memory.Statistic() : null;
        CpuLibrary.BranchScaleForward(
            mode, sigmas.Length, memory.Scalar(coefficient), memory.Scalar(multiplier), memory.Floats(sigmas), scales, bound).Check();
        return (NativeArena.Read(scales, length), withBound ? *bound : double.NaN);
    }

    public BranchScaleGradients BranchScaleBackward(
        CpuBranchBound mode, float coefficient, float multiplier, float[] sigmas, float[] scales, double[] dots, float multiplierGradient)
    {
        using NativeArena memory = Begin();
        float* ofMultiplier = memory.Scalar(multiplierGradient);
        float* ofSigmas = memory.Floats(sigmas.Length);
        CpuLibrary.BranchScaleBackward(
            mode, sigmas.Length, memory.Scalar(coefficient), memory.Scalar(multiplier), memory.Floats(sigmas), memory.Floats(scales),
            memory.Doubles(dots), ofMultiplier, ofSigmas).Check();
        return new BranchScaleGradients(*ofMultiplier, NativeArena.Read(ofSigmas, sigmas.Length));
    }

    public AffineNumbers AffineFactorsForward(float[] t, float[] b)
    {
        using NativeArena memory = Begin();
        int channels = t.Length;
        float* factor = memory.Floats(channels);
        float* inverseFactor = memory.Floats(channels);
        float* inverseShift = memory.Floats(channels);
        CpuLibrary.AffineFactorsForward(channels, memory.Floats(t), memory.Floats(b), factor, inverseFactor, inverseShift).Check();
        return new AffineNumbers(
            NativeArena.Read(factor, channels), NativeArena.Read(inverseFactor, channels), NativeArena.Read(inverseShift, channels));
    }

    public float[] AffineFactorsBackward(float[] t, float[] factorGradient, float[] gradient)
    {
        using NativeArena memory = Begin();
        float* result = memory.Floats(gradient);
        CpuLibrary.AffineFactorsBackward(t.Length, memory.Floats(t), memory.Floats(factorGradient), result).Check();
        return NativeArena.Read(result, t.Length);
    }

    public float[] ChannelRotationsForward(int channels, float[] angles)
    {
        using NativeArena memory = Begin();
        float* matrix = memory.Floats(channels * channels);
        CpuLibrary.ChannelRotationsForward(channels, memory.Floats(angles), matrix).Check();
        return NativeArena.Read(matrix, channels * channels);
    }

    public RotationGradients ChannelRotationsBackward(int channels, float[] angles, float[] matrix, float[] matrixGradient, float[] gradient)
    {
        using NativeArena memory = Begin();
        float* undone = memory.Floats(matrix);
        float* undoneGradient = memory.Floats(matrixGradient);
        float* result = memory.Floats(gradient);
        CpuLibrary.ChannelRotationsBackward(channels, memory.Floats(angles), undone, undoneGradient, result).Check();
        return new RotationGradients(
            NativeArena.Read(result, angles.Length), NativeArena.Read(undone, matrix.Length), NativeArena.Read(undoneGradient, matrix.Length));
    }
}
