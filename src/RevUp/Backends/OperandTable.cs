using RevUp.Tensors;

namespace RevUp.Backends;

/// <summary>
/// Operands of one operation on many tensors. Where the device gathers them into one launch
/// (<see cref="Backend.Gathers"/>), a table of their addresses lies on the device for the life of
/// this object, so that a recorded step may read it: the tensors must live as long.
/// </summary>
internal sealed class OperandTable<T> : DeviceObject where T : struct, IOperands
{
    private readonly T[] _entries;
    private readonly long[][] _starts;
    private readonly Tensor _table;

    /// <exception cref="ArenaExhaustedException">No memory for the table.</exception>
    public OperandTable(Backend backend, T[] entries)
        : base(backend)
    {
        _entries = entries;
        _starts = new long[T.Products][];
        for (int product = 0; product < T.Products; product++)
        {
            long[] starts = _starts[product] = new long[entries.Length + 1];
            for (int i = 0; i < entries.Length; i++)
            {
                starts[i + 1] = starts[i] + entries[i].Parts(product);
            }
        }
        if (!backend.Gathers || entries.Length == 0)
        {
            return;
        }
        int length = T.Words + T.Products;
        long[] words = new long[entries.Length * length];
        for (int i = 0; i < entries.Length; i++)
        {
            Span<long> entry = words.AsSpan(i * length, length);
            entries[i].Write(entry);
            for (int product = 0; product < T.Products; product++)
            {
                entry[T.Words + product] = _starts[product][i];
            }
        }
        _table = Own(new Shape(entries.Length, length), ElementType.Float64, MemoryPurpose.Workspace);
        backend.Upload<double>(MemoryMarshal.Cast<long, double>(words), _table);
    }

    /// <summary>Number of entries.</summary>
    public int Count => _entries.Length;

    /// <summary>Entries <paramref name="first"/> to first + count − 1.</summary>
    public ReadOnlySpan<T> Entries(int first, int count) => _entries.AsSpan(first, count);

    /// <summary>All entries.</summary>
    public ReadOnlySpan<T> Entries() => _entries;

    /// <summary>The table on the device from an entry on.</summary>
    public Tensor From(int first)
    {
        RequireOpen();
        int length = T.Words + T.Products;
        return _table.Slice((long)first * length, new Shape(_entries.Length - first, length));
    }

    /// <summary>Parts of some entries.</summary>
    public long Parts(int product, int first, int count) => _starts[product][first + count] - _starts[product][first];

    /// <summary>Parts of all entries.</summary>
    public long Parts(int product) => _starts[product][^1];
}
