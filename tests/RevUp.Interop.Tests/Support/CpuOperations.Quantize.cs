using RevUp.Interop.Cpu;

namespace RevUp.Interop.Tests.Support;

/// <summary>Quantised differences on the CPU library.</summary>
internal sealed unsafe partial class CpuOperations
{
    public float[] QuantizeBegin(float[] x)
    {
        using NativeArena memory = Begin();
        float* decoded = memory.Floats(x.Length);
        CpuLibrary.QuantizeBegin(x.Length, memory.Floats(x), decoded).Check();
        return NativeArena.Read(decoded, x.Length);
    }

    public QuantizeResult QuantizeResidual(CpuShape shape, int bits, float[] x, Stored z, float s, float[] decoded, Alias y)
    {
        using NativeArena memory = Begin();
        int bytes = Shapes.CodeBytes(shape, bits);
        int channels = checked((int)(shape.Batch * shape.Channels));
        float* stream = memory.Floats(x);
        float* result = y == Alias.X ? stream : memory.Floats(x.Length);
        float* known = memory.Floats(decoded);
        void* codes = memory.Bytes(bytes);
        void* steps = memory.Tensor(CpuType.BFloat16, channels);
        void* branch = memory.Tensor(z);
        CpuLibrary.QuantizeResidual(
            shape.Batch, Shapes.Positions(shape), shape.Channels, bits, stream, z.Type, branch, memory.Scalar(s), result, known, codes, steps).Check();
        return new QuantizeResult(
            NativeArena.Read(result, x.Length),
            NativeArena.Read(known, x.Length),
            new Span<byte>(codes, bytes).ToArray(),
            NativeArena.Read(CpuType.BFloat16, steps, channels));
    }

    public float[] QuantizeRetrace(CpuShape shape, int bits, byte[] codes, float[] steps, float[] decoded)
    {
        using NativeArena memory = Begin();
        void* packed = memory.Bytes(codes.Length);
        codes.CopyTo(new Span<byte>(packed, codes.Length));
        float* known = memory.Floats(decoded);
        CpuLibrary.QuantizeRetrace(
            shape.Batch, Shapes.Positions(shape), shape.Channels, bits, packed, memory.Tensor(new Stored(CpuType.BFloat16, steps)), known).Check();
        return NativeArena.Read(known, decoded.Length);
    }
}
