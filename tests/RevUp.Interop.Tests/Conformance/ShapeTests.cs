namespace RevUp.Interop.Tests.Conformance;

[TestClass]
internal sealed class ShapeTests
{
    private static readonly CpuShape[] s_even =
    [
        Shapes.Shape(1, 1, 2, 2), Shapes.Shape(3, 5, 4, 6), Shapes.Shape(2, 16, 32, 34), Shapes.Shape(2, 67, 10, 14),
        Shapes.Shape(1, 1, 2, 2, 2), Shapes.Shape(3, 5, 4, 6, 2), Shapes.Shape(2, 16, 10, 8, 12),
    ];

    private static readonly CpuActivation[] s_pointwise =
        [CpuActivation.Identity, CpuActivation.Relu, CpuActivation.Elu];

    private static readonly CpuShape[] s_odd =
    [
        Shapes.Shape(1, 1, 1, 1), Shapes.Shape(3, 5, 7, 9), Shapes.Shape(2, 64, 33, 31), Shapes.Shape(2, 3, 5, 7, 9),
        Shapes.Shape(1, 17, 13, 11, 15),
    ];

    [TestMethod]
    [EveryBackend]
    internal void SqueezeAndUnsqueezeMoveEveryElement(DeviceOperations operations)
    {
        foreach (CpuShape shape in s_even)
        {
            float[] x = new Inputs(1).Uniform(Shapes.Elements(shape));
            double[] wide = Oracle.Widen(x);
            string what = $"{shape.Batch}x{shape.Extent}x{shape.Channels}, rank {shape.Rank}";

            CollectionAssert.AreEqual(
                Oracle.Squeeze(shape, wide), Oracle.Widen(operations.Squeeze(shape, x)), $"squeeze of {what}");
            CollectionAssert.AreEqual(
                Oracle.Unsqueeze(shape, wide), Oracle.Widen(operations.Unsqueeze(shape, x)), $"unsqueeze of {what}");
            CollectionAssert.AreEqual(
                x, operations.Unsqueeze(shape, operations.Squeeze(shape, x)), $"unsqueeze after squeeze of {what}");
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void ResizeChannelsPadsAndDrops(DeviceOperations operations)
    {
        foreach ((int rows, int from, int to) in
            ((int, int, int)[])[(1, 1, 1), (7, 3, 16), (7, 16, 3), (1003, 5, 9), (1003, 65, 64), (3, 8, 8)])
        {
            float[] x = new Inputs(rows).Uniform((long)rows * from);

            float[] actual = operations.ResizeChannels(rows, x, to);

            CollectionAssert.AreEqual(
                Oracle.ResizeChannels(rows, Oracle.Widen(x), to), Oracle.Widen(actual),
                $"{rows} rows of {from} channels to {to}");
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void SplitAndMergeMoveEveryElement(DeviceOperations operations)
    {
        foreach ((int rows, int channels) in ((int, int)[])[(1, 1), (7, 3), (35, 16), (1003, 9), (1, 260), (20_001, 4)])
        {
            float[] x = new Inputs(rows).Uniform(2L * rows * channels);
            (double[] first, double[] second) = Oracle.SplitChannels(rows, Oracle.Widen(x));
            string what = $"{rows} rows of 2·{channels} channels";

            (float[] actualFirst, float[] actualSecond) = operations.SplitChannels(rows, x);

            CollectionAssert.AreEqual(first, Oracle.Widen(actualFirst), $"first half of {what}");
            CollectionAssert.AreEqual(second, Oracle.Widen(actualSecond), $"second half of {what}");
            CollectionAssert.AreEqual(
                Oracle.MergeChannels(rows, first, second), Oracle.Widen(x), $"the oracle of {what}");
            CollectionAssert.AreEqual(
                x, operations.MergeChannels(rows, actualFirst, actualSecond), $"merged halves of {what}");
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void GlobalAveragePoolMatchesTheOracle(DeviceOperations operations)
    {
        foreach (CpuShape shape in s_odd)
        {
            Inputs inputs = new(3);
            float[] x = inputs.Uniform(Shapes.Elements(shape));
            float[] dy = inputs.Uniform(Shapes.Rows(shape));
            long positions = Shapes.Positions(shape);
            double[] y = Oracle.GlobalAveragePoolForward(shape.Batch, positions, Oracle.Widen(x));
            double[] magnitude = Oracle.GlobalAveragePoolForward(shape.Batch, positions, Oracle.Magnitudes(x));
            double[] dx = Oracle.GlobalAveragePoolBackward(shape.Batch, positions, Oracle.Widen(dy));
            string what = $"{shape.Batch}x{shape.Extent}x{shape.Channels}, rank {shape.Rank}";

            // Summed in double, then divided and rounded; the gradient takes a reciprocal and a
            // product.
            Tolerance.AssertWithin(
                y,
                operations.GlobalAveragePoolForward(shape.Batch, positions, x),
                i => Tolerance.Float64(positions + 1, magnitude[i]) + Tolerance.Float32(1, Math.Abs(y[i])),
                $"mean of {what}");
            Tolerance.AssertWithin(
                dx,
                operations.GlobalAveragePoolBackward(shape.Batch, positions, dy),
                i => Tolerance.Float32(2, Math.Abs(dx[i])),
                $"gradient of the mean of {what}");
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void MaxPoolMatchesTheOracle(DeviceOperations operations)
    {
        foreach (CpuShape shape in s_odd.Concat(s_even))
        {
            Inputs inputs = new(5);
            int count = Shapes.Elements(shape);
            // As many channels as x has, and twice as many: zeros that nothing comes back from.
            foreach (long channels in (long[])[shape.Channels, 2 * shape.Channels])
            {
                CheckMaxPool(operations, shape, channels, inputs, count);
            }
        }
    }

    private static void CheckMaxPool(
        DeviceOperations operations, CpuShape shape, long channels, Inputs inputs, int count)
    {
        string what = $"the maximum of {shape.Extent}, {shape.Channels} to {channels} channels";
        // Values below zero show a padding that wins; few levels give ties, and the first of equals
        // has to take the gradient.
        float[] negative = Array.ConvertAll(inputs.Uniform(count), value => -1 - Math.Abs(value));
        foreach (float[] x in (float[][])[inputs.Uniform(count), negative, inputs.Levels(count, 3)])
        {
            double[] wide = Oracle.Widen(x);
            float[] y = operations.MaxPoolForward(shape, x, channels);
            CollectionAssert.AreEqual(Oracle.MaxPoolForward(shape, wide, channels), Oracle.Widen(y), what);

            // Windows of 3 with stride 2: at most two along an axis see one input. Their gradients
            // are added in float32.
            float[] dy = inputs.Uniform(Shapes.Pooled(shape, channels).Count);
            double[] dx = Oracle.MaxPoolBackward(shape, wide, channels, Oracle.Widen(dy));
            double[] magnitude = Oracle.MaxPoolBackward(shape, wide, channels, Oracle.Magnitudes(dy));
            Tolerance.AssertWithin(
                dx,
                operations.MaxPoolBackward(shape, x, channels, dy),
                i => Tolerance.Float32((1 << shape.Rank) - 1, magnitude[i]),
                $"gradient of {what}");

            foreach (CpuActivation activation in s_pointwise)
            {
                (float[] same, float[] p) =
                    operations.MaxPoolForwardAhead(shape, x, channels, activation, 0.25f, -0.5f);
                CollectionAssert.AreEqual(y, same, what);
                CollectionAssert.AreEqual(
                    operations.PreactivationForward(activation, y, 0.25f, -0.5f, CpuType.BFloat16), p,
                    $"{activation} of {what}");
                (double[] exact, double[] ahead) =
                    Oracle.MaxPoolForwardAhead(shape, wide, channels, activation, 0.25, -0.5);
                CollectionAssert.AreEqual(Oracle.Widen(y), exact, what);
                CollectionAssert.AreEqual(Oracle.PreactivationForward(activation, exact, 0.25, -0.5), ahead, what);
            }
        }
    }
}
