namespace RevUp.Tensors;

/// <summary>
/// A typed, shaped view of backend memory: an address and nothing owned. It comes from <see cref="Arena.Allocate"/> or is a slice of one that does; the
/// arena frees it. A value, so that passing tensors around costs the garbage collector nothing. The default value is "no tensor".
/// </summary>
public readonly record struct Tensor(nint Address, ElementType Type, Shape Shape)
{
    /// <summary>Whether this is "no tensor".</summary>
    public bool IsEmpty => Address == 0;

    /// <summary>Number of elements; 0 when empty.</summary>
    public long Count => Shape.Count;

    /// <summary>Size in bytes.</summary>
    public long Bytes => Count * Type.Size();

    /// <summary>Elements from <paramref name="offset"/> on as a tensor of their own, sharing the memory.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The slice reaches beyond this tensor.</exception>
    public Tensor Slice(long offset, Shape shape)
    {
        if (offset < 0 || offset + shape.Count > Count)
        {
            throw new ArgumentOutOfRangeException(nameof(offset), $"Elements {offset} to {offset + shape.Count} of a tensor {Shape} do not exist.");
        }
        return new Tensor(Address + (nint)(offset * Type.Size()), Type, shape);
    }

    /// <summary>Element <paramref name="index"/> as a scalar tensor.</summary>
    public Tensor Scalar(long index) => Slice(index, new Shape(1));

    /// <summary>The same elements under another shape.</summary>
    /// <exception cref="ArgumentException">The element counts differ.</exception>
    public Tensor Reshape(Shape shape) => shape.Count == Count
        ? new Tensor(Address, Type, shape)
        : throw new ArgumentException($"A tensor {Shape} has {Count} elements and cannot become {shape} with {shape.Count}.");
}
