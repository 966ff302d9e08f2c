using Microsoft.VisualStudio.TestTools.UnitTesting;
using RevUp.Interop.Cpu;
using RevUp.Interop.Tests.Support;

namespace RevUp.Interop.Tests.Conformance;

[TestClass]
internal sealed class ShapeTests
{
    private static readonly CpuShape[] s_even =
    [
        Shapes.Shape(1, 1, 2, 2), Shapes.Shape(3, 5, 4, 6), Shapes.Shape(2, 16, 32, 34), Shapes.Shape(2, 67, 10, 14),
        Shapes.Shape(1, 1, 2, 2, 2), Shapes.Shape(3, 5, 4, 6, 2), Shapes.Shape(2, 16, 10, 8, 12),
    ];

    private static readonly CpuShape[] s_odd =
    [
        Shapes.Shape(1, 1, 1, 1), Shapes.Shape(3, 5, 7, 9), Shapes.Shape(2, 64, 33, 31), Shapes.Shape(2, 3, 5, 7, 9), Shapes.Shape(1, 17, 13, 11, 15),
    ];

    [TestMethod]
    [EveryBackend]
    internal void SqueezeAndUnsqueezeMoveEveryElement(IOperations operations)
    {
        foreach (CpuShape shape in s_even)
        {
            float[] x = new Inputs(1).Uniform(Shapes.Elements(shape));
            double[] wide = Oracle.Widen(x);
            string what = $"{shape.Batch}x{shape.Extent}x{shape.Channels}, rank {shape.Rank}";

            CollectionAssert.AreEqual(Oracle.Squeeze(shape, wide), Oracle.Widen(operations.Squeeze(shape, x)), $"squeeze of {what}");
            CollectionAssert.AreEqual(Oracle.Unsqueeze(shape, wide), Oracle.Widen(operations.Unsqueeze(shape, x)), $"unsqueeze of {what}");
            CollectionAssert.AreEqual(x, operations.Unsqueeze(shape, operations.Squeeze(shape, x)), $"unsqueeze after squeeze of {what}");
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void ResizeChannelsPadsAndDrops(IOperations operations)
    {
        foreach ((int rows, int from, int to) in ((int, int, int)[])[(1, 1, 1), (7, 3, 16), (7, 16, 3), (1003, 5, 9), (1003, 65, 64), (3, 8, 8)])
        {
            float[] x = new Inputs(rows).Uniform((long)rows * from);

            float[] actual = operations.ResizeChannels(rows, from, x, to);

            CollectionAssert.AreEqual(
                Oracle.ResizeChannels(rows, from, Oracle.Widen(x), to), Oracle.Widen(actual), $"{rows} rows of {from} channels to {to}");
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void SplitAndMergeMoveEveryElement(IOperations operations)
    {
        foreach ((int rows, int channels) in ((int, int)[])[(1, 1), (7, 3), (35, 16), (1003, 9), (1, 260), (20_001, 4)])
        {
            float[] x = new Inputs(rows).Uniform(2L * rows * channels);
            (double[] first, double[] second) = Oracle.SplitChannels(channels, Oracle.Widen(x));
            string what = $"{rows} rows of 2·{channels} channels";

            (float[] actualFirst, float[] actualSecond) = operations.SplitChannels(channels, x);

            CollectionAssert.AreEqual(first, Oracle.Widen(actualFirst), $"first half of {what}");
            CollectionAssert.AreEqual(second, Oracle.Widen(actualSecond), $"second half of {what}");
            CollectionAssert.AreEqual(Oracle.MergeChannels(channels, first, second), Oracle.Widen(x), $"the oracle of {what}");
            CollectionAssert.AreEqual(x, operations.MergeChannels(channels, actualFirst, actualSecond), $"merged halves of {what}");
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void GlobalAveragePoolMatchesTheOracle(IOperations operations)
    {
        foreach (CpuShape shape in s_odd)
        {
            Inputs inputs = new(3);
            float[] x = inputs.Uniform(Shapes.Elements(shape));
            float[] dy = inputs.Uniform(Shapes.Rows(shape));
            double[] y = Oracle.GlobalAveragePoolForward(shape, Oracle.Widen(x));
            double[] magnitude = Oracle.GlobalAveragePoolForward(shape, Oracle.Magnitudes(x));
            double[] dx = Oracle.GlobalAveragePoolBackward(shape, Oracle.Widen(dy));
            string what = $"{shape.Batch}x{shape.Extent}x{shape.Channels}, rank {shape.Rank}";
            long positions = shape.Extent.Product(shape.Rank);

            // Summed in double, then divided and rounded; the gradient takes a reciprocal and a product.
            Tolerance.AssertWithin(
                y,
                operations.GlobalAveragePoolForward(shape, x),
                i => Tolerance.Float64(positions + 1, magnitude[i]) + Tolerance.Float32(1, Math.Abs(y[i])),
                $"mean of {what}");
            Tolerance.AssertWithin(
                dx, operations.GlobalAveragePoolBackward(shape, dy), i => Tolerance.Float32(2, Math.Abs(dx[i])), $"gradient of the mean of {what}");
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void MaxPoolMatchesTheOracle(IOperations operations)
    {
        CpuPoolGeometry[] geometries =
        [
            Pool(Shapes.Shape(2, 5, 9, 11), [3, 3], [2, 2], [1, 1]),
            Pool(Shapes.Shape(1, 64, 7, 7), [2, 2], [2, 2], [0, 0]),
            Pool(Shapes.Shape(3, 17, 6, 13), [3, 5], [1, 2], [0, 2]),
            Pool(Shapes.Shape(2, 3, 5, 7, 6), [3, 2, 3], [2, 1, 2], [1, 0, 1]),
            Pool(Shapes.Shape(1, 16, 8, 9, 10), [3, 3, 3], [2, 2, 2], [1, 1, 1]),
        ];
        foreach (CpuPoolGeometry geometry in geometries.Where(geometry => operations.Supports(geometry)))
        {
            Inputs inputs = new(5);
            int count = Shapes.Elements(geometry.Input);

            // Values below zero show a padding that wins; few levels give ties, and the first of equals has to take the gradient.
            float[] negative = Array.ConvertAll(inputs.Uniform(count), value => -1 - Math.Abs(value));
            foreach (float[] x in (float[][])[inputs.Uniform(count), negative, inputs.Levels(count, 3)])
            {
                float[] dy = inputs.Uniform(Shapes.OutputElements(geometry));
                double[] wide = Oracle.Widen(x);
                string what = $"window {geometry.Window}, stride {geometry.Stride}, padding {geometry.Padding} of {geometry.Input.Extent}";
                double[] dx = Oracle.MaxPoolBackward(geometry, wide, Oracle.Widen(dy));
                double[] magnitude = Oracle.MaxPoolBackward(geometry, wide, Oracle.Magnitudes(dy));
                long windows = geometry.Window.Product(geometry.Input.Rank);

                CollectionAssert.AreEqual(
                    Oracle.MaxPoolForward(geometry, wide), Oracle.Widen(operations.MaxPoolForward(geometry, x)), $"maximum over {what}");

                // No more windows than their size see one input; their gradients are added in float32.
                Tolerance.AssertWithin(
                    dx, operations.MaxPoolBackward(geometry, x, dy), i => Tolerance.Float32(windows - 1, magnitude[i]), $"gradient of the maximum over {what}");
            }
        }
    }

    private static CpuPoolGeometry Pool(CpuShape input, long[] window, long[] stride, long[] padding) =>
        new() { Input = input, Window = new Extents(window), Stride = new Extents(stride), Padding = new Extents(padding) };
}
