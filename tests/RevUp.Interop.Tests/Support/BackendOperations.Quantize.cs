using System.Runtime.InteropServices;
using RevUp.Interop.Cpu;
using RevUp.Tensors;

namespace RevUp.Interop.Tests.Support;

/// <summary>Quantised differences on a backend.</summary>
internal sealed partial class BackendOperations
{
    public float[] QuantizeBegin(float[] x)
    {
        using DeviceArena memory = new(Backend);
        Tensor decoded = memory.Floats(x.Length);
        Backend.QuantizeBegin(memory.Floats(x), decoded);
        return memory.Read(decoded);
    }

    public QuantizeResult QuantizeResidual(CpuShape shape, int bits, float[] x, Stored z, float s, float[] decoded, Alias y)
    {
        using DeviceArena memory = new(Backend);
        Tensor stream = memory.Floats(x, Activations(shape));
        Tensor result = y == Alias.X ? stream : memory.Floats(x.Length);
        Tensor known = memory.Floats(decoded, Activations(shape));
        int bytes = Shapes.CodeBytes(shape, bits);
        Tensor codes = memory.Floats((bytes + sizeof(float) - 1) / sizeof(float));
        Tensor steps = memory.Tensor(ElementType.BFloat16, new Shape((int)shape.Batch, (int)shape.Channels));
        Backend.QuantizeResidual(bits, stream, memory.Tensor(z), memory.Scalar(s), result, known, codes, steps);
        byte[] packed = MemoryMarshal.AsBytes(memory.Read(codes).AsSpan())[..bytes].ToArray();
        return new QuantizeResult(memory.Read(result), memory.Read(known), packed, memory.Read(steps));
    }

    public float[] QuantizeRetrace(CpuShape shape, int bits, byte[] codes, float[] steps, float[] decoded)
    {
        using DeviceArena memory = new(Backend);
        float[] words = new float[(codes.Length + sizeof(float) - 1) / sizeof(float)];
        codes.CopyTo(MemoryMarshal.AsBytes(words.AsSpan()));
        Tensor known = memory.Floats(decoded, Activations(shape));
        Tensor ofChannels = memory.Tensor(new Stored(CpuType.BFloat16, steps), new Shape((int)shape.Batch, (int)shape.Channels));
        Backend.QuantizeRetrace(bits, memory.Floats(words), ofChannels, known);
        return memory.Read(known);
    }
}
