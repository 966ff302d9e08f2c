namespace RevUp.Interop.Tests.Support;

/// <summary>Seeded test data; the same seed gives the same values on every machine.</summary>
internal sealed class Inputs(int seed)
{
    private readonly Random _random = new(seed);

    /// <summary>
    /// Odd sizes below, at and above vector widths, and one large enough to be split over threads.
    /// </summary>
    internal static readonly int[] Counts = [1, 7, 64, 1003, 100_003];

    internal static readonly CpuType[] Types = [CpuType.Float32, CpuType.BFloat16];

    /// <summary>
    /// The least number of elements, not under <paramref name="count"/>, that an activation takes.
    /// </summary>
    internal static int Whole(CpuActivation activation, int count) =>
        activation == CpuActivation.MaxMin ? count + (count % 2) : count;

    /// <summary>
    /// The largest value over the elements that element <paramref name="i"/> of a result may come
    /// from.
    /// </summary>
    internal static double Largest(CpuActivation activation, int i, Func<int, double> value) =>
        activation == CpuActivation.MaxMin ? Math.Max(value(i), value(i ^ 1)) : value(i);

    /// <summary>Uniform in [−limit, limit).</summary>
    internal float[] Uniform(long count, float limit = 2)
    {
        float[] values = new float[count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = ((_random.NextSingle() * 2) - 1) * limit;
        }

        return values;
    }

    /// <summary>
    /// The same, rounded to the storage type before anything is computed from it.
    /// </summary>
    internal Stored Uniform(CpuType type, long count, float limit = 2)
    {
        float[] values = Uniform(count, limit);
        return new Stored(type, type == CpuType.Float32 ? values : Array.ConvertAll(values, BFloat16.Round));
    }

    /// <summary>Integers in [0, levels): full of ties.</summary>
    internal float[] Levels(long count, int levels)
    {
        float[] values = new float[count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = _random.Next(levels);
        }

        return values;
    }

    /// <summary>Rows of non-negative values that sum to 1: soft labels.</summary>
    internal float[] Distributions(int rows, int classes)
    {
        float[] values = Array.ConvertAll(Uniform((long)rows * classes), MathF.Abs);
        for (int row = 0; row < rows; row++)
        {
            Span<float> target = values.AsSpan(row * classes, classes);
            float sum = 0;
            foreach (float value in target)
            {
                sum += value;
            }

            foreach (ref float value in target)
            {
                value /= sum;
            }
        }

        return values;
    }
}
