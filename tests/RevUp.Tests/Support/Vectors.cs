namespace RevUp.Tests.Support;

/// <summary>Host arrays: random ones, their norms, and their way to a device and back.</summary>
internal static class Vectors
{
    private const long Stream = 1000;

    /// <summary>Independent N(0, deviation²) numbers, the same on every machine.</summary>
    public static float[] Normal(long index, long count, double deviation = 1)
    {
        CounterRandom random = new(1, Stream, index);
        float[] values = new float[count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)(deviation * random.NextNormal());
        }
        return values;
    }

    public static double[] Widen(this float[] values) => Array.ConvertAll(values, value => (double)value);

    public static double Dot(double[] x, double[] y) => x.Zip(y, (a, b) => a * b).Sum();

    public static double Norm(double[] x) => Math.Sqrt(Dot(x, x));

    /// <summary>
    /// ‖actual − expected‖ / ‖expected‖. Fails when that is not a number: assertions take one for
    /// less than any bound.
    /// </summary>
    public static double RelativeDifference(double[] expected, double[] actual)
    {
        Assert.HasCount(expected.Length, actual);
        double difference = Norm([.. actual.Zip(expected, (a, e) => a - e)]) / Norm(expected);
        Assert.IsFalse(double.IsNaN(difference), $"‖actual‖ is {Norm(actual)}, ‖expected‖ {Norm(expected)}");
        return difference;
    }

    /// <inheritdoc cref="RelativeDifference(double[], double[])"/>
    public static double RelativeDifference(float[] expected, float[] actual) =>
        RelativeDifference(expected.Widen(), actual.Widen());

    /// <summary>The values as an activation tensor, which the caller frees.</summary>
    public static Tensor ToDevice(this Backend backend, float[] values, Shape shape)
    {
        Tensor tensor = backend.Memory.Allocate(shape, ElementType.Float32, MemoryPurpose.Activations);
        backend.Upload<float>(values, tensor);
        return tensor;
    }

    /// <summary>A tensor's elements; bfloat16 ones are widened, which is exact.</summary>
    public static float[] ToHost(this Backend backend, Tensor tensor)
    {
        float[] values = new float[tensor.Count];
        if (tensor.Type == ElementType.Float32)
        {
            backend.Download<float>(tensor, values);
            return values;
        }
        Tensor wide = backend.Memory.Allocate(tensor.Shape, ElementType.Float32, MemoryPurpose.Workspace);
        backend.Cast(tensor, wide);
        backend.Download<float>(wide, values);
        backend.Memory.Free(wide);
        return values;
    }

    /// <summary>Like <see cref="ToHost"/>, and frees the tensor.</summary>
    public static float[] Take(this Backend backend, Tensor tensor)
    {
        float[] values = backend.ToHost(tensor);
        backend.Memory.Free(tensor);
        return values;
    }
}
