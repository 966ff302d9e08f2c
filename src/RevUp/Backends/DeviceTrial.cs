using RevUp.Interop;
using RevUp.Tensors;

namespace RevUp.Backends;

/// <summary>
/// One tiny convolution in each arithmetic of a device, all of its passes, and one product, with
/// their results compared: whether networks can be trained there.
/// </summary>
internal static class DeviceTrial
{
    private const int Edge = 6;
    private const int Channels = 8;

    /// <summary>
    /// The reason why training does not work on a device, in one paragraph; null where it works.
    /// </summary>
    /// <param name="open">Opens the device; the backend is disposed.</param>
    public static string? Run(Func<Backend> open)
    {
        try
        {
            using Backend backend = open();
            return Run(backend);
        }
        catch (Exception exception) when (
            exception is RevUpException or DllNotFoundException or BadImageFormatException)
        {
            return exception.Message;
        }
    }

    /// <inheritdoc cref="Run(Func{Backend})"/>
    /// <param name="backend">The device, open.</param>
    public static string? Run(Backend backend)
    {
        try
        {
            foreach (ElementType type in (ElementType[])[ElementType.Float32, ElementType.BFloat16])
            {
                if (backend.Supports(type))
                {
                    Convolve(backend, type, tf32: type == ElementType.BFloat16 || backend.HasTf32);
                }
            }
            Multiply(backend);
            return null;
        }
        catch (RevUpException exception)
        {
            return exception.Message;
        }
    }

    // Sums of ones, which every arithmetic has exactly: a kernel in the interior has all of its
    // taps, and one at a corner four.
    private static void Convolve(Backend backend, ElementType type, bool tf32)
    {
        const int Taps = 9, CornerTaps = 4;
        ConvolutionGeometry geometry = new(
            new Shape(1, Edge, Edge, Channels), Channels, Kernel: 3, Stride: 1, Padding: 1, Groups: 1, type, tf32);
        ConvolutionPlan plan = backend.Convolution(geometry);
        Tensor x = Ones(backend, geometry.Input, type), w = Ones(backend, geometry.Weights, ElementType.Float32);
        Tensor y = Ones(backend, geometry.Output, type), dx = Ones(backend, geometry.Input, type);
        Tensor dw = Ones(backend, geometry.Weights, ElementType.Float32);
        Tensor packed = backend.Memory.AllocateBytes(plan.PackedBytes, MemoryPurpose.Workspace);
        plan.Pack(w, default, packed);
        plan.BackwardData(y, packed, dx);
        plan.BackwardWeights(x, y, dw);
        plan.Forward(x, packed, y);
        int inside = (Edge + 1) * Channels;
        Require(backend, $"fprop in {type}", y, (0, CornerTaps * Channels), (inside, Taps * Channels));
        Require(backend, $"dgrad in {type}", dx, (0, CornerTaps * Channels), (inside, Taps * Channels));
        // The centre of the kernel meets every position, a corner all but a row and a column.
        Require(
            backend, $"wgrad in {type}", dw, (0, (Edge - 1) * (Edge - 1)), (Taps / 2 * Channels, Edge * Edge));
    }

    private static void Multiply(Backend backend)
    {
        Shape square = new(Channels, Channels);
        Tensor a = Ones(backend, square, ElementType.Float32), y = Ones(backend, square, ElementType.Float32);
        backend.LinearForward(a, a, Ones(backend, new Shape(Channels), ElementType.Float32), y);
        Require(backend, "a matrix product", y, (0, Channels + 1), (Channels, Channels + 1));
    }

    private static Tensor Ones(Backend backend, Shape shape, ElementType type)
    {
        Tensor ones = backend.Memory.Allocate(shape, ElementType.Float32, MemoryPurpose.Workspace);
        backend.Fill(ones, 1);
        return backend.Converted(ones, type);
    }

    private static void Require(
        Backend backend, string work, Tensor result, params ReadOnlySpan<(int Index, float Value)> expected)
    {
        float[] values = new float[result.Count];
        backend.Download<float>(backend.Converted(result, ElementType.Float32), values);
        foreach ((int index, float value) in expected)
        {
            ConfigurationException.Require(
                values[index] == value,
                $"the device '{backend.Name}' ({backend.Description}) computes {work} wrong: number {index} is "
                + $"{values[index]} instead of {value}; update its driver and libraries, or use another device");
        }
    }
}
