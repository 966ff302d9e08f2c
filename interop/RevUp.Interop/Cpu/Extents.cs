namespace RevUp.Interop.Cpu;

/// <summary>
/// Up to three spatial sizes, outermost first, as the C ABI's <c>int64_t[3]</c>; entries beyond the
/// rank are ignored by the library.
/// </summary>
[InlineArray(Capacity)]
internal struct Extents
{
    /// <summary>The number of entries that are always there.</summary>
    public const int Capacity = 3;

    private long _first;

    /// <summary>Sets the first entries, outermost first, and the rest to 0.</summary>
    /// <exception cref="ArgumentException">More than three values.</exception>
    public Extents(params ReadOnlySpan<long> values)
    {
        if (values.Length > Capacity)
        {
            throw new ArgumentException(
                $"{values.Length} extents were given; the library takes up to {Capacity} spatial dimensions.");
        }

        values.CopyTo(this);
    }

    /// <summary>
    /// The product of the first <paramref name="rank"/> entries: the number of positions.
    /// </summary>
    /// <exception cref="OverflowException">The product is beyond 2⁶³ − 1.</exception>
    public readonly long Product(int rank)
    {
        long product = 1;
        for (int axis = 0; axis < rank; axis++)
        {
            product = checked(product * this[axis]);
        }

        return product;
    }

    /// <summary>"2x3x4", all three entries.</summary>
    public override readonly string ToString() => $"{this[0]}x{this[1]}x{this[2]}";
}
