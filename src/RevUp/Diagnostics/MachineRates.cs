using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Diagnostics;

/// <summary>Rates of a device that does nothing else, to compare its work with.</summary>
/// <param name="CopyBytesPerSecond">Bytes read and written by a copy on the device.</param>
/// <param name="CopyBytes">Size of the tensor that was copied.</param>
/// <param name="FlopsPerSecond">
/// Floating-point operations of a matrix product, a multiplication and an addition being two.
/// </param>
/// <param name="Channels">Columns of both factors of the product.</param>
/// <param name="Arithmetic">The product's type in words, such as "bfloat16".</param>
internal sealed record MachineRates(
    double CopyBytesPerSecond, long CopyBytes, double FlopsPerSecond, int Channels, string Arithmetic)
{
    private const int Repeats = 5;
    private const int LeastCopy = 1 << 20;
    private const int MostCopy = 1 << 28;
    private const int LeastChannels = 64;
    private const int MostChannels = 4096;
    private const double MillisecondsPerSecond = 1e3;

    // Long beside the start of an operation, short for a user.
    private const double EnoughMilliseconds = 4;

    /// <summary>
    /// Copies and multiplies ever larger tensors, until a call takes a few milliseconds, the
    /// largest is reached or memory ends. Half a second.
    /// </summary>
    /// <param name="backend">The device.</param>
    /// <param name="type">Type of the factors.</param>
    /// <param name="tf32">Whether float32 factors may be rounded to TF32.</param>
    public static MachineRates Measure(Backend backend, ElementType type, bool tf32)
    {
        ArgumentNullException.ThrowIfNull(backend);
        (double copy, long bytes) = Grow(LeastCopy, MostCopy, 4, size => Copy(backend, size));
        (double product, long channels) = Grow(
            LeastChannels, MostChannels, 2, size => Multiply(backend, (int)size, type, tf32));
        string arithmetic = type == ElementType.BFloat16 ? "bfloat16" : tf32 ? "TF32" : "float32";
        return new MachineRates(copy, bytes, product, (int)channels, arithmetic);
    }

    private static (double Rate, long Size) Grow(
        long least, long most, int growth, Func<long, (double Rate, double Time)> measure)
    {
        (double rate, double time) = measure(least);
        long size = least;
        while (size < most && time < EnoughMilliseconds)
        {
            long next = Math.Min(most, size * growth);
            try
            {
                (rate, time) = measure(next);
            }
            catch (ArenaExhaustedException)
            {
                break;
            }
            size = next;
        }
        return (rate, size);
    }

    private static (double Rate, double Time) Copy(Backend backend, long bytes)
    {
        long mark = backend.Memory.Mark();
        try
        {
            Tensor source = Allocate(backend, new Shape((int)(bytes / sizeof(float))), ElementType.Float32);
            Tensor destination = Allocate(backend, source.Shape, ElementType.Float32);
            backend.Fill(source, 1);
            double time = Fastest(backend, () => backend.Cast(source, destination));
            return (MillisecondsPerSecond * 2 * bytes / time, time);
        }
        finally
        {
            backend.Memory.FreeSince(mark);
        }
    }

    // A 1×1 convolution is a matrix product: [4 · channels, channels] with [channels, channels].
    private static (double Rate, double Time) Multiply(Backend backend, int channels, ElementType type, bool tf32)
    {
        Shape input = new(1, 4, channels, channels);
        ConvolutionPlan plan = backend.Convolution(
            new ConvolutionGeometry(input, channels, Kernel: 1, Stride: 1, Padding: 0, Groups: 1, type, tf32));
        long mark = backend.Memory.Mark();
        try
        {
            Tensor weights = Allocate(backend, plan.Geometry.Weights, ElementType.Float32);
            Tensor packed = backend.Memory.AllocateBytes(plan.PackedBytes, MemoryPurpose.Workspace);
            Tensor x = Allocate(backend, input, type);
            Tensor y = Allocate(backend, input, type);
            Tensor ones = Allocate(backend, input, ElementType.Float32);
            backend.Fill(weights, 1);
            backend.Fill(ones, 1);
            backend.Cast(ones, x);
            plan.Pack(weights, default, packed);
            double time = Fastest(backend, () => plan.Forward(x, packed, y));
            return (MillisecondsPerSecond * 2 * input.Count * channels / time, time);
        }
        finally
        {
            backend.Memory.FreeSince(mark);
        }
    }

    private static Tensor Allocate(Backend backend, Shape shape, ElementType type) =>
        backend.Memory.Allocate(shape, type, MemoryPurpose.Workspace);

    // Other work on the machine only makes a call slower. The first call makes plans.
    private static double Fastest(Backend backend, Action work)
    {
        work();
        return backend.Time(Repeats, work).Min();
    }
}
