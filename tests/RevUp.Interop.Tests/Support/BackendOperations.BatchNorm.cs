using RevUp.Backends;
using RevUp.Interop.Cpu;
using RevUp.Tensors;

namespace RevUp.Interop.Tests.Support;

/// <summary>Batch normalisation.</summary>
internal sealed partial class BackendOperations
{
    public BatchNormMoments BatchNormStatistics(int channels, Stored x, float momentum, float[] runningMean, float[] runningVariance)
    {
        using DeviceArena memory = new(Backend);
        (Tensor mean, Tensor variance) = (memory.Floats(channels), memory.Floats(channels));
        (Tensor mean0, Tensor variance0) = (memory.Floats(runningMean), memory.Floats(runningVariance));
        Backend.BatchNormStatistics(memory.Tensor(x, Rows(x, channels)), momentum, mean, variance, mean0, variance0);
        return new BatchNormMoments(memory.Read(mean), memory.Read(variance), memory.Read(mean0), memory.Read(variance0));
    }

    public float[] BatchNormForward(CpuActivation activation, Stored x, BatchNormArrays channels, CpuType yType, Alias y)
    {
        using DeviceArena memory = new(Backend);
        Shape shape = Rows(x, channels.Channels);
        Tensor source = memory.Tensor(x, shape);
        Tensor result = y == Alias.X ? source : memory.Tensor((ElementType)yType, shape);
        Backend.BatchNormForward((Activation)activation, source, Place(memory, channels), result);
        return memory.Read(result);
    }

    public BatchNormGradients BatchNormBackward(
        CpuActivation activation, Stored x, BatchNormArrays channels, Stored dy, float? scale, Stored? residual, CpuType dxType, Alias dx,
        float[] weightGradient, float[] biasGradient)
    {
        using DeviceArena memory = new(Backend);
        Shape shape = Rows(x, channels.Channels);
        Tensor source = memory.Tensor(x, shape);
        Tensor gradient = memory.Tensor(dy, shape);
        Tensor addend = residual is null ? default : memory.Tensor(residual, shape);
        Tensor result = dx switch
        {
            Alias.X => source,
            Alias.Dy => gradient,
            Alias.Residual => addend,
            _ => memory.Tensor((ElementType)dxType, shape),
        };
        (Tensor weight, Tensor bias) = (memory.Floats(weightGradient), memory.Floats(biasGradient));
        Backend.BatchNormBackward(
            (Activation)activation, source, Place(memory, channels), gradient, memory.Scalar(scale), addend, result, weight, bias);
        return new BatchNormGradients(memory.Read(result), memory.Read(weight), memory.Read(bias));
    }

    private static Shape Rows(Stored x, int channels) => new(x.Count / channels, channels);

    private static BatchNormChannels Place(DeviceArena memory, BatchNormArrays channels) => new(
        Optional(memory, channels.Mean),
        Optional(memory, channels.Variance),
        channels.Epsilon,
        Optional(memory, channels.Weight),
        memory.Floats(channels.Bias));

    private static Tensor Optional(DeviceArena memory, float[]? values) => values is null ? default : memory.Floats(values);
}
