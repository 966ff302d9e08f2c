namespace RevUp.Interop.Tests.Support;

/// <summary>The guarded buffers of one native call; all are checked and freed together.</summary>
internal sealed unsafe class NativeArena : IDisposable
{
    private readonly List<AlignedBuffer> _buffers = [];

    /// <summary>
    /// An unwritten buffer; null for 0 bytes, as the ABI wants for an unused scratch.
    /// </summary>
    internal void* Bytes(long bytes)
    {
        if (bytes == 0)
        {
            return null;
        }

        AlignedBuffer buffer = new(checked((int)bytes));
        _buffers.Add(buffer);
        return buffer.Pointer;
    }

    internal void* Tensor(CpuType type, int count) =>
        Bytes((long)count * (type == CpuType.Float32 ? sizeof(float) : sizeof(ushort)));

    internal void* Tensor(Stored tensor)
    {
        void* memory = Tensor(tensor.Type, tensor.Values.Length);
        if (tensor.Type == CpuType.Float32)
        {
            tensor.Values.CopyTo(new Span<float>(memory, tensor.Values.Length));
            return memory;
        }

        for (int i = 0; i < tensor.Values.Length; i++)
        {
            ((ushort*)memory)[i] = BFloat16.ToBits(tensor.Values[i]);
        }

        return memory;
    }

    internal float* Floats(float[] values) => (float*)Tensor(new Stored(CpuType.Float32, values));

    internal float* Floats(int count) => (float*)Tensor(CpuType.Float32, count);

    /// <summary>A scalar argument; null where the ABI takes its absence.</summary>
    internal float* Scalar(float? value) => value is float given ? Floats([given]) : null;

    internal double* Doubles(double[] values)
    {
        double* memory = (double*)Bytes((long)values.Length * sizeof(double));
        values.CopyTo(new Span<double>(memory, values.Length));
        return memory;
    }

    internal double* Statistic() => (double*)Bytes(sizeof(double));

    internal static float[] Read(float* memory, int count) => new Span<float>(memory, count).ToArray();

    internal static float[] Read(CpuType type, void* memory, int count)
    {
        if (type == CpuType.Float32)
        {
            return Read((float*)memory, count);
        }

        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = BFloat16.FromBits(((ushort*)memory)[i]);
        }

        return values;
    }

    public void Dispose()
    {
        foreach (AlignedBuffer buffer in _buffers)
        {
            buffer.Dispose();
        }
    }
}
