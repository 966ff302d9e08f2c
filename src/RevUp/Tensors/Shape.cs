using System.Runtime.CompilerServices;

namespace RevUp.Tensors;

/// <summary>
/// Up to five dimensions, outermost first. Activations are [N, H, W, C] or [N, D, H, W, C];
/// convolution weights [O, H, W, I] or [O, D, H, W, I]; logits [N, classes]; vectors [n].
/// </summary>
public readonly struct Shape : IEquatable<Shape>
{
    /// <summary>The largest rank: a batch of volumes with channels.</summary>
    public const int MaximumRank = 5;

    private readonly Dimensions _dimensions;

    /// <summary>A shape of the given dimensions.</summary>
    /// <exception cref="ArgumentException">
    /// More than five dimensions, or one that is not positive.
    /// </exception>
    public Shape(params ReadOnlySpan<int> dimensions)
    {
        if (dimensions.Length is 0 or > MaximumRank)
        {
            throw new ArgumentException($"A shape has 1 to {MaximumRank} dimensions, not {dimensions.Length}.");
        }
        Rank = dimensions.Length;
        Count = 1;
        for (int i = 0; i < dimensions.Length; i++)
        {
            if (dimensions[i] <= 0)
            {
                throw new ArgumentException(
                    $"Dimension {i} of the shape [{string.Join(", ", dimensions.ToArray())}] is not positive.");
            }
            _dimensions[i] = dimensions[i];
            Count = checked(Count * dimensions[i]);
        }
    }

    /// <summary>Number of dimensions.</summary>
    public int Rank { get; }

    /// <summary>Number of elements.</summary>
    public long Count { get; }

    /// <summary>The first dimension of an activation.</summary>
    public int Batch => this[0];

    /// <summary>The last dimension of an activation.</summary>
    public int Channels => this[Rank - 1];

    /// <summary>Spatial dimensions of an activation or of convolution weights: 2 or 3.</summary>
    public int SpatialRank => Rank - 2;

    /// <summary>Pixels or voxels of one sample of an activation.</summary>
    public long Positions => Count / Batch / Channels;

    /// <summary>Dimension <paramref name="index"/>, outermost first.</summary>
    public int this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Rank);
            return _dimensions[index];
        }
    }

    /// <summary>
    /// Spatial extent <paramref name="axis"/> of an activation: 0 is the outermost (D in 3-D, H in
    /// 2-D).
    /// </summary>
    public int Extent(int axis) => this[axis + 1];

    /// <summary>This shape with dimension <paramref name="index"/> replaced.</summary>
    public Shape With(int index, int value)
    {
        Span<int> dimensions = stackalloc int[Rank];
        for (int i = 0; i < Rank; i++)
        {
            dimensions[i] = i == index ? value : this[i];
        }
        return new Shape(dimensions);
    }

    /// <summary>This activation shape with another number of channels.</summary>
    public Shape WithChannels(int channels) => With(Rank - 1, channels);

    /// <summary>This activation shape with another batch size.</summary>
    public Shape WithBatch(int batch) => With(0, batch);

    /// <inheritdoc/>
    public bool Equals(Shape other)
    {
        if (Rank != other.Rank)
        {
            return false;
        }
        for (int i = 0; i < Rank; i++)
        {
            if (_dimensions[i] != other._dimensions[i])
            {
                return false;
            }
        }
        return true;
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Shape other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        for (int i = 0; i < Rank; i++)
        {
            hash.Add(_dimensions[i]);
        }
        return hash.ToHashCode();
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        int[] dimensions = new int[Rank];
        for (int i = 0; i < Rank; i++)
        {
            dimensions[i] = _dimensions[i];
        }
        return $"[{string.Join(", ", dimensions)}]";
    }

    public static bool operator ==(Shape left, Shape right) => left.Equals(right);

    public static bool operator !=(Shape left, Shape right) => !left.Equals(right);

    [InlineArray(MaximumRank)]
    private struct Dimensions
    {
        private int _first;
    }
}
