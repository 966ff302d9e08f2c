using RevUp.Backends;
using RevUp.Interop.Cpu;
using RevUp.Tensors;

namespace RevUp.Interop.Tests.Support;

/// <summary>Factors of parameters on a backend.</summary>
internal sealed partial class BackendOperations
{
    public (float[] Scales, double Bound) BranchScaleForward(
        CpuBranchBound mode, float coefficient, float multiplier, float[] sigmas, bool withBound)
    {
        using DeviceArena memory = new(Backend);
        Tensor scales = memory.Floats(BranchScale.Length(sigmas.Length));
        Tensor bound = withBound ? memory.Statistics(1) : default;
        Backend.BranchScaleForward(
            (BranchBound)mode, memory.Scalar(coefficient), memory.Scalar(multiplier), memory.Floats(sigmas), scales, bound);
        return (memory.Read(scales), withBound ? memory.ReadStatistics(bound)[0] : double.NaN);
    }

    public BranchScaleGradients BranchScaleBackward(
        CpuBranchBound mode, float coefficient, float multiplier, float[] sigmas, float[] scales, double[] dots, float multiplierGradient)
    {
        using DeviceArena memory = new(Backend);
        Tensor ofMultiplier = memory.Scalar(multiplierGradient);
        Tensor ofSigmas = memory.Floats(sigmas.Length);
        Backend.BranchScaleBackward(
            (BranchBound)mode,
            memory.Scalar(coefficient),
            memory.Scalar(multiplier),
            memory.Floats(sigmas),
            memory.Floats(scales),
            memory.Statistics(dots),
            ofMultiplier,
            ofSigmas);
        return new BranchScaleGradients(memory.Read(ofMultiplier)[0], memory.Read(ofSigmas));
    }

    public AffineNumbers AffineFactorsForward(float[] t, float[] b)
    {
        using DeviceArena memory = new(Backend);
        (Tensor factor, Tensor inverseFactor, Tensor inverseShift) = (memory.Floats(t.Length), memory.Floats(t.Length), memory.Floats(t.Length));
        Backend.AffineFactorsForward(memory.Floats(t), memory.Floats(b), factor, inverseFactor, inverseShift);
        return new AffineNumbers(memory.Read(factor), memory.Read(inverseFactor), memory.Read(inverseShift));
    }

    public float[] AffineFactorsBackward(float[] t, float[] factorGradient, float[] gradient)
    {
        using DeviceArena memory = new(Backend);
        Tensor result = memory.Floats(gradient);
        Backend.AffineFactorsBackward(memory.Floats(t), memory.Floats(factorGradient), result);
        return memory.Read(result);
    }

    public float[] ChannelRotationsForward(int channels, float[] angles)
    {
        using DeviceArena memory = new(Backend);
        Tensor matrix = memory.Tensor(ElementType.Float32, new Shape(channels, channels));
        Backend.ChannelRotationsForward(memory.Floats(angles), matrix);
        return memory.Read(matrix);
    }

    public RotationGradients ChannelRotationsBackward(int channels, float[] angles, float[] matrix, float[] matrixGradient, float[] gradient)
    {
        using DeviceArena memory = new(Backend);
        Shape square = new(channels, channels);
        (Tensor undone, Tensor undoneGradient, Tensor result) = (memory.Floats(matrix, square), memory.Floats(matrixGradient, square), memory.Floats(gradient));
        Backend.ChannelRotationsBackward(memory.Floats(angles), undone, undoneGradient, result);
        return new RotationGradients(memory.Read(result), memory.Read(undone), memory.Read(undoneGradient));
    }
}
