namespace RevUp.Tensors;

/// <summary>
/// A typed, shaped view of backend memory. It owns nothing: it comes from <see
/// cref="Arena.Allocate"/> or is a slice of a tensor that does, and the arena frees it. A value, so
/// that passing tensors around costs the garbage collector nothing. The default value is "no
/// tensor".
/// </summary>
/// <remarks>
/// A tensor knows which allocation it views. Once that is freed, <see cref="Address"/> throws, even
/// where another tensor has the memory by then. Two tensors are equal when address, type and shape
/// are.
/// </remarks>
public readonly struct Tensor : IEquatable<Tensor>
{
    private readonly nint _address;
    private readonly Arena? _arena;
    private readonly long _allocation;
    private readonly int _block;

    /// <summary>
    /// A view of memory that no arena manages. The caller makes sure that the memory is there.
    /// </summary>
    public Tensor(nint address, ElementType type, Shape shape)
        : this(address, type, shape, null, 0, 0)
    {
    }

    internal Tensor(nint address, ElementType type, Shape shape, Arena? arena, int block, long allocation)
    {
        (_address, Type, Shape) = (address, type, shape);
        (_arena, _block, _allocation) = (arena, block, allocation);
    }

    /// <summary>Where the elements are; 0 when empty.</summary>
    /// <exception cref="ObjectDisposedException">
    /// The tensor was freed, alone, with its owner or with its backend.
    /// </exception>
    public nint Address => _arena is null || _arena.IsLive(_block, _allocation) ? _address : throw Freed();

    /// <summary>Type of the elements.</summary>
    public ElementType Type { get; }

    /// <summary>Dimensions.</summary>
    public Shape Shape { get; }

    /// <summary>Whether this is "no tensor".</summary>
    public bool IsEmpty => _address == 0;

    /// <summary>Number of elements; 0 when empty.</summary>
    public long Count => Shape.Count;

    /// <summary>Size in bytes.</summary>
    public long Bytes => Count * Type.Size();

    /// <summary>Where the elements are, or were when the tensor is freed.</summary>
    internal nint Place => _address;

    /// <summary>
    /// Elements from <paramref name="offset"/> on as a tensor of their own, sharing the memory.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The slice reaches beyond this tensor.
    /// </exception>
    public Tensor Slice(long offset, Shape shape)
    {
        if (offset < 0 || offset + shape.Count > Count)
        {
            throw new ArgumentOutOfRangeException(
                nameof(offset), $"Elements {offset} to {offset + shape.Count} of a tensor {Shape} do not exist.");
        }
        return View(_address + (nint)(offset * Type.Size()), shape);
    }

    /// <summary>Element <paramref name="index"/> as a scalar tensor.</summary>
    public Tensor Scalar(long index) => Slice(index, new Shape(1));

    /// <summary>The same elements under another shape.</summary>
    /// <exception cref="ArgumentException">The element counts differ.</exception>
    public Tensor Reshape(Shape shape) => shape.Count == Count ? View(_address, shape) : throw new ArgumentException(
        $"A tensor {Shape} has {Count} elements and cannot become {shape} with {shape.Count}.", nameof(shape));

    /// <summary>
    /// The same bytes as float32; their number is a multiple of 4. Numbers that are too many for
    /// one extent are rows of <see cref="Arena.Alignment"/> bytes.
    /// </summary>
    internal Tensor AsFloats()
    {
        const int Row = Arena.Alignment / sizeof(float);
        long count = Bytes / sizeof(float);
        Shape shape = count > int.MaxValue && count % Row == 0
            ? new Shape(checked((int)(count / Row)), Row)
            : new Shape(checked((int)count));
        return new Tensor(_address, ElementType.Float32, shape, _arena, _block, _allocation);
    }

    /// <summary>Whether both have the same address, type and shape.</summary>
    public static bool operator ==(Tensor left, Tensor right) => left.Equals(right);

    /// <summary>Whether address, type or shape differ.</summary>
    public static bool operator !=(Tensor left, Tensor right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(Tensor other) =>
        _address == other._address && Type == other.Type && Shape.Equals(other.Shape);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Tensor other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_address, Type, Shape);

    /// <inheritdoc/>
    public override string ToString() => $"{Type} {Shape}";

    /// <summary>
    /// Whether this is a whole allocation of <paramref name="arena"/> that is not freed.
    /// </summary>
    internal bool IsLiveIn(Arena arena, out int block)
    {
        block = _block;
        return ReferenceEquals(_arena, arena) && arena.IsLive(_block, _allocation);
    }

    private Tensor View(nint address, Shape shape) => new(address, Type, shape, _arena, _block, _allocation);

    private ObjectDisposedException Freed() => new(
        nameof(Tensor), $"The tensor {Shape} of {Type} was freed with its owner; use it before the owner is disposed.");
}
