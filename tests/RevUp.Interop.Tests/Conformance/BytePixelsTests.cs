namespace RevUp.Interop.Tests.Conformance;

[TestClass]
internal sealed class BytePixelsTests
{
    private const int Numbers = 10; // of one sample's changes
    private const int Levels = 256;

    // Batch, rows, width, channels: one of each, an odd one, several chunks of a parallel loop.
    private static readonly (int Batch, int Rows, int Width, int Channels)[] s_sizes =
        [(1, 1, 1, 1), (3, 5, 7, 3), (4, 6, 9, 2), (7, 3, 33, 1), (5, 70, 41, 3)];

    [TestMethod]
    [EveryBackend]
    internal void EveryByteBecomesTheNumberOfItsTable(DeviceOperations operations)
    {
        foreach ((int batch, int rows, int width, int channels) in s_sizes)
        {
            (byte[] x, float[] table) = Images(batch, rows * width, channels);

            float[] actual = operations.BytePixels(batch, width, x, table, changes: null);

            double[] expected =
                Oracle.BytePixels(batch, width, Oracle.Widen(x), Oracle.Widen(table), changes: null);
            CollectionAssert.AreEqual(expected, Oracle.Widen(actual), $"{batch}x{rows}x{width}x{channels}");
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void CutAndPastedPixelsEqualTheOracle(DeviceOperations operations)
    {
        foreach ((int batch, int rows, int width, int channels) in s_sizes)
        {
            (byte[] x, float[] table) = Images(batch, rows * width, channels);
            double[] changes = Changes(batch, rows, width, weight: 1);

            float[] actual = operations.BytePixels(batch, width, x, table, changes);

            double[] expected = Oracle.BytePixels(batch, width, Oracle.Widen(x), Oracle.Widen(table), changes);
            CollectionAssert.AreEqual(expected, Oracle.Widen(actual), $"{batch}x{rows}x{width}x{channels}");
        }
    }

    /// <summary>Two products and their sum, each rounded: the same bits on every device.</summary>
    [TestMethod]
    [EveryBackend]
    internal void MixedPixelsHaveTheBitsOfTheirFormula(DeviceOperations operations)
    {
        const float weight = 0.3f;
        foreach ((int batch, int rows, int width, int channels) in s_sizes)
        {
            string what = $"{batch}x{rows}x{width}x{channels}";
            int length = rows * width * channels;
            (byte[] x, float[] table) = Images(batch, rows * width, channels);
            double[] changes = Changes(batch, rows, width, weight), alone = [.. changes];
            for (int n = 0; n < batch; n++)
            {
                alone[n * Numbers + 1] = 1;
                alone.AsSpan(n * Numbers + 6, 4).Clear();
                changes.AsSpan(n * Numbers + 6, 4).Clear();
            }
            float[] own = operations.BytePixels(batch, width, x, table, alone);

            float[] actual = operations.BytePixels(batch, width, x, table, changes);

            for (int i = 0; i < actual.Length; i++)
            {
                float other = own[(int)changes[i / length * Numbers] * length + i % length];
                float first = weight * own[i], second = (1 - weight) * other;
                Assert.AreEqual(first + second, actual[i], $"{what}, element {i}");
            }
            double[] expected = Oracle.BytePixels(batch, width, Oracle.Widen(x), Oracle.Widen(table), changes);
            Tolerance.AssertWithin(expected, actual, _ => Tolerance.Float32(4, 1), what);
        }
    }

    [TestMethod]
    internal void WhatIsOutsideTheBatchIsRefused()
    {
        (byte[] x, float[] table) = Images(2, 12, 1);
        foreach ((int number, double value, string name) in ((int, double, string)[])
            [(0, 2, "partner"), (10, -1, "partner"), (0, 0.5, "partner"), (4, 4, "cut_bottom"), (19, 5, "paste_right"),
                (6, double.NaN, "paste_top")])
        {
            double[] changes = Changes(2, rows: 3, width: 4, weight: 1);
            changes[number] = value;
            Assert.Contains(
                $"changes[{number / Numbers}].{name} is ",
                Assert.ThrowsExactly<NativeException>(
                    () => EveryBackendAttribute.Cpu(threads: 1).BytePixels(2, 4, x, table, changes)).Message);
        }
        Assert.Contains(
            "width is 5; it must divide the 12 positions",
            Assert.ThrowsExactly<NativeException>(
                () => EveryBackendAttribute.Cpu(threads: 1).BytePixels(2, 5, x, table, changes: null)).Message);
    }

    private static (byte[] X, float[] Table) Images(int batch, int positions, int channels)
    {
        Random random = new(batch);
        byte[] x = new byte[batch * positions * channels];
        random.NextBytes(x);
        return (x, new Inputs(batch).Uniform(channels * Levels, limit: 1));
    }

    // Every sample with the next one as its partner, a cutout and a paste; the last one's boxes are
    // empty.
    private static double[] Changes(int batch, int rows, int width, float weight)
    {
        Random random = new(rows);
        double[] changes = new double[batch * Numbers];
        for (int n = 0; n < batch; n++)
        {
            Span<double> of = changes.AsSpan(n * Numbers, Numbers);
            (of[0], of[1]) = ((n + 1) % batch, weight);
            for (int box = 2; box < Numbers && n + 1 < batch; box += 4)
            {
                (of[box], of[box + 1]) = (random.Next(rows), random.Next(width));
                of[box + 2] = random.Next((int)of[box], rows + 1);
                of[box + 3] = random.Next((int)of[box + 1], width + 1);
            }
        }
        return changes;
    }
}
