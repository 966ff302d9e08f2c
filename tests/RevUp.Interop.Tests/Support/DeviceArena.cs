using RevUp.Tensors;

namespace RevUp.Interop.Tests.Support;

/// <summary>
/// The tensors of one operation on a device, each between two guards that are checked on disposal,
/// so that a write outside a tensor fails the test. The content starts as bytes of 0xFF, a NaN in
/// every type.
/// </summary>
internal sealed class DeviceArena(Backend backend) : IDisposable
{
    private const int GuardBytes = Arena.Alignment;
    private const byte Guard = 0xA5;

    private readonly List<(Tensor Memory, int Bytes)> _buffers = [];
    private readonly Dictionary<float[], Tensor> _placed = new(ReferenceEqualityComparer.Instance);

    /// <summary>A tensor that nothing was written to.</summary>
    internal Tensor Tensor(ElementType type, Shape shape)
    {
        byte[] content = Enumerable.Repeat(byte.MaxValue, checked((int)shape.Count * type.Size())).ToArray();
        return Place(type, shape, content);
    }

    /// <summary>
    /// A tensor of these values; none for null or no values. An array that was given before is the
    /// same tensor.
    /// </summary>
    internal Tensor Tensor(Stored? values, Shape shape) =>
        values is null || values.Count == 0
            ? default
            : Once(values.Values, () => Place((ElementType)values.Type, shape, Bytes(values)));

    internal Tensor Floats(float[]? values, Shape shape) => Tensor(values is null ? null : (Stored)values, shape);

    /// <summary>A scalar argument; no tensor where a backend takes its absence.</summary>
    internal Tensor Scalar(float? value) => value is float given ? Floats([given], new Shape(1)) : default;

    internal Tensor Statistics(double[] values) => Statistics(values, new Shape(values.Length));

    internal Tensor Statistics(double[]? values, Shape shape) =>
        values is null || values.Length == 0
            ? default
            : Place(ElementType.Float64, shape, MemoryMarshal.AsBytes(values.AsSpan()));

    internal Tensor Labels(ushort[] values, Shape shape) =>
        values.Length == 0 ? default : Place(ElementType.UInt16, shape, MemoryMarshal.AsBytes(values.AsSpan()));

    internal ushort[] ReadLabels(Tensor tensor)
    {
        ushort[] values = new ushort[tensor.Count];
        if (!tensor.IsEmpty)
        {
            backend.Download<ushort>(tensor, values);
        }
        return values;
    }

    /// <summary>Bytes, in a tensor of as many floats as they fill.</summary>
    internal Tensor Bytes(byte[] values)
    {
        float[] words = new float[Words(values.Length)];
        values.CopyTo(MemoryMarshal.AsBytes(words.AsSpan()));
        return Floats(words, new Shape(words.Length));
    }

    /// <summary>As many bytes that nothing was written to.</summary>
    internal Tensor Bytes(Shape shape) => Tensor(ElementType.Float32, new Shape(Words(shape.Count)));

    internal byte[] ReadBytes(Tensor tensor, Shape shape) =>
        MemoryMarshal.AsBytes(Read(tensor).AsSpan())[..(int)shape.Count].ToArray();

    internal float[] Read(Tensor tensor)
    {
        if (tensor.IsEmpty)
        {
            return [];
        }
        if (tensor.Type == ElementType.Float32)
        {
            float[] values = new float[tensor.Count];
            backend.Download<float>(tensor, values);
            return values;
        }
        ushort[] bits = new ushort[tensor.Count];
        backend.Download<ushort>(tensor, bits);
        return Array.ConvertAll(bits, BFloat16.FromBits);
    }

    internal double[] ReadStatistics(Tensor tensor)
    {
        if (tensor.IsEmpty)
        {
            return [];
        }
        double[] values = new double[tensor.Count];
        backend.Download<double>(tensor, values);
        return values;
    }

    public void Dispose()
    {
        bool intact = true;
        foreach ((Tensor memory, int bytes) in _buffers)
        {
            float[] words = Read(memory);
            Span<byte> content = MemoryMarshal.AsBytes(words.AsSpan());
            intact &= !content[..GuardBytes].ContainsAnyExcept(Guard)
                && !content[(GuardBytes + bytes)..].ContainsAnyExcept(Guard);
            backend.Memory.Free(memory);
        }
        if (!intact)
        {
            throw new InvalidOperationException(
                "The operation wrote outside one of its tensors; it must stay within them.");
        }
    }

    private static int Words(long bytes) => checked((int)((bytes + sizeof(float) - 1) / sizeof(float)));

    private Tensor Once(float[] values, Func<Tensor> place)
    {
        if (!_placed.TryGetValue(values, out Tensor tensor))
        {
            _placed.Add(values, tensor = place());
        }
        return tensor;
    }

    private Tensor Place(ElementType type, Shape shape, ReadOnlySpan<byte> content)
    {
        int padded = (content.Length + Arena.Alignment - 1) / Arena.Alignment * Arena.Alignment;
        float[] words = new float[(GuardBytes + padded + GuardBytes) / sizeof(float)];
        Span<byte> bytes = MemoryMarshal.AsBytes(words.AsSpan());
        bytes.Fill(Guard);
        content.CopyTo(bytes[GuardBytes..]);
        Tensor memory = backend.Memory.Allocate(new Shape(words.Length), ElementType.Float32, MemoryPurpose.Workspace);
        _buffers.Add((memory, content.Length));
        backend.Upload<float>(words, memory);
        return new Tensor(memory.Address + GuardBytes, type, shape);
    }

    private static byte[] Bytes(Stored values) => values.Type == CpuType.Float32
        ? MemoryMarshal.AsBytes(values.Values.AsSpan()).ToArray()
        : MemoryMarshal.AsBytes(Array.ConvertAll(values.Values, BFloat16.ToBits).AsSpan()).ToArray();
}
