namespace RevUp.Backends;

/// <summary>
/// A whole number for each spatial axis, outermost first; in 2-D the third says nothing. A number
/// alone stands for all axes.
/// </summary>
internal readonly record struct Axes(int First, int Second, int Third)
{
    /// <summary>The number of one axis.</summary>
    public int this[int axis] => axis switch
    {
        0 => First,
        1 => Second,
        2 => Third,
        _ => throw new ArgumentOutOfRangeException(nameof(axis)),
    };

    public static implicit operator Axes(int value) => new(value, value, value);

    /// <summary>The numbers of two or three axes.</summary>
    public static Axes Of(IReadOnlyList<int> values) => new(values[0], values[1], values[^1]);

    /// <summary>A function of every number.</summary>
    public Axes Map(Func<int, int> function) => new(function(First), function(Second), function(Third));

    /// <summary>The numbers of <paramref name="count"/> axes.</summary>
    public long[] ToArray(int count) => [.. ((ReadOnlySpan<long>)[First, Second, Third])[..count]];
}
