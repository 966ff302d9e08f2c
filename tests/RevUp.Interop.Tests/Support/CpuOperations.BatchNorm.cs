using RevUp.Interop.Cpu;

namespace RevUp.Interop.Tests.Support;

/// <summary>Batch normalisation.</summary>
internal sealed unsafe partial class CpuOperations
{
    public BatchNormMoments BatchNormStatistics(int channels, Stored x, float momentum, float[] runningMean, float[] runningVariance)
    {
        using NativeArena memory = Begin();
        float* mean = memory.Floats(channels);
        float* variance = memory.Floats(channels);
        float* mean0 = memory.Floats(runningMean);
        float* variance0 = memory.Floats(runningVariance);
        CpuLibrary.BatchNormStatistics(x.Count / channels, channels, x.Type, memory.Tensor(x), momentum, mean, variance, mean0, variance0).Check();
        return new BatchNormMoments(
            NativeArena.Read(mean, channels), NativeArena.Read(variance, channels), NativeArena.Read(mean0, channels), NativeArena.Read(variance0, channels));
    }

    public float[] BatchNormForward(CpuActivation activation, Stored x, BatchNormArrays channels, CpuType yType, Alias y)
    {
        using NativeArena memory = Begin();
        void* source = memory.Tensor(x);
        void* result = y == Alias.X ? source : memory.Tensor(yType, x.Count);
        CpuLibrary.BatchNormForward(
            x.Count / channels.Channels,
            channels.Channels,
            activation,
            x.Type,
            source,
            Optional(memory, channels.Mean),
            Optional(memory, channels.Variance),
            channels.Epsilon,
            Optional(memory, channels.Weight),
            memory.Floats(channels.Bias),
            yType,
            result).Check();
        return NativeArena.Read(yType, result, x.Count);
    }

    public BatchNormGradients BatchNormBackward(
        CpuActivation activation, Stored x, BatchNormArrays channels, Stored dy, float? scale, Stored? residual, CpuType dxType, Alias dx,
        float[] weightGradient, float[] biasGradient)
    {
        using NativeArena memory = Begin();
        void* source = memory.Tensor(x);
        void* gradient = memory.Tensor(dy);
        void* addend = residual is null ? null : memory.Tensor(residual);
        void* result = dx switch
        {
            Alias.X => source,
            Alias.Dy => gradient,
            Alias.Residual => addend,
            _ => memory.Tensor(dxType, x.Count),
        };
        float* weight = memory.Floats(weightGradient);
        float* bias = memory.Floats(biasGradient);
        CpuLibrary.BatchNormBackward(
            x.Count / channels.Channels,
            channels.Channels,
            activation,
            x.Type,
            source,
            Optional(memory, channels.Mean),
            Optional(memory, channels.Variance),
            channels.Epsilon,
            Optional(memory, channels.Weight),
            memory.Floats(channels.Bias),
            dy.Type,
            gradient,
            memory.Scalar(scale),
            addend,
            dxType,
            result,
            weight,
            bias).Check();
        return new BatchNormGradients(
            NativeArena.Read(dxType, result, x.Count), NativeArena.Read(weight, channels.Channels), NativeArena.Read(bias, channels.Channels));
    }

    private static float* Optional(NativeArena memory, float[]? values) => values is null ? null : memory.Floats(values);
}
