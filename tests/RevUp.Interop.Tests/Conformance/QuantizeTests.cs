namespace RevUp.Interop.Tests.Conformance;

[TestClass]
internal sealed class QuantizeTests
{
    private const float S = 0.5f;
    private const double Grid = 1.0 / 65536;

    // Rows of odd and even length, more than one block of channels, a sample large enough to be
    // split over threads, 2-D and 3-D.
    private static readonly CpuShape[] s_shapes =
    [
        Shapes.Shape(1, 1, 1, 1), Shapes.Shape(3, 5, 2, 3), Shapes.Shape(2, 16, 3, 5, 2), Shapes.Shape(2, 300, 4, 3),
        Shapes.Shape(1, 13, 60, 70),
    ];

    [TestMethod]
    [EveryBackend]
    internal void AStreamStartsOnTheGrid(DeviceOperations operations)
    {
        foreach (int count in Inputs.Counts)
        {
            float[] x = new Inputs(count).Uniform(count, limit: 100);

            float[] decoded = operations.QuantizeBegin(x);

            // The product with 2^16 and back is exact; only what lies between two multiples is
            // rounded.
            CollectionAssert.AreEqual(Oracle.QuantizeBegin(Oracle.Widen(x)), Oracle.Widen(decoded));
        }
    }

    /// <summary>
    /// With inputs whose every intermediate is exact in float32, codes and steps are the oracle's
    /// to the bit.
    /// </summary>
    [TestMethod]
    [EveryBackend]
    internal void ResidualMatchesTheOracleBitForBitOnExactInputs(DeviceOperations operations)
    {
        foreach ((CpuShape shape, int bits, CpuType type, Alias alias) in Cases())
        {
            string what = What(shape, bits, type, alias);
            Inputs inputs = new(bits);
            int count = Shapes.Elements(shape);
            float[] x = Dyadic(inputs, count, 256);
            Stored z = new(type, Dyadic(inputs, count, 256));
            float[] decoded = Array.ConvertAll(x, value => value + 0.03125f);
            (double[] y, double[] known, double[] codes, double[] steps) =
                Oracle.QuantizeResidual(
                    shape.Batch, Positions(shape), bits, Oracle.Widen(x), z.Doubles, S, Oracle.Widen(decoded));

            var actual = operations.QuantizeResidual(shape.Batch, Positions(shape), bits, x, z, S, decoded, alias);

            CollectionAssert.AreEqual(y, Oracle.Widen(actual.Y), what);
            CollectionAssert.AreEqual(steps, Oracle.Widen(actual.Steps), what);
            CollectionAssert.AreEqual(known, Oracle.Widen(actual.Decoded), what);
            CollectionAssert.AreEqual(codes, Codes(shape, bits, actual.Codes), what);
            float[] before = operations.QuantizeRetrace(shape.Batch, bits, actual.Codes, actual.Steps, actual.Decoded);
            CollectionAssert.AreEqual(
                Oracle.QuantizeRetrace(shape.Batch, codes, steps, known), Oracle.Widen(before), what);
        }
    }

    /// <summary>
    /// A thousand blocks of random size: the error stays one block's, and the way back meets every
    /// state again, bit for bit.
    /// </summary>
    [TestMethod]
    [EveryBackend]
    internal void AThousandBlocksAreRetracedBitForBit(DeviceOperations operations)
    {
        CpuShape shape = Shapes.Shape(2, 6, 3, 5);
        int count = Shapes.Elements(shape);
        foreach (int bits in (int[])[4, 8])
        {
            Inputs inputs = new(bits);
            float[] x = inputs.Uniform(count);
            float[] decoded = operations.QuantizeBegin(x);
            Stack<(float[] Before, byte[] Codes, float[] Steps, float[] After)> blocks = new();
            for (int block = 0; block < 1000; block++)
            {
                // Branches of very different sizes, one of them 0, as Fixup's at the start.
                Stored z = inputs.Uniform(count, limit: block % 4 == 0 ? 0 : MathF.Pow(10, -(block % 4)));
                var result = operations.QuantizeResidual(
                    shape.Batch, Positions(shape), bits, x, z, S, decoded, Alias.X);
                for (int i = 0; i < count; i++)
                {
                    int channels = (int)shape.Channels;
                    double step = result.Steps[(i / (Positions(shape) * channels) * channels) + (i % channels)];
                    // The quotient and its rounding to an integer: half a step, and three roundings
                    // of at most 128 steps.
                    Tolerance.AssertWithin(
                        result.Y[i], result.Decoded[i], step * (0.5 + Tolerance.Float32(3, 128)),
                        $"{bits} bits, block {block}");
                }
                blocks.Push((decoded, result.Codes, result.Steps, result.Decoded));
                (x, decoded) = (result.Y, result.Decoded);
            }
            foreach ((float[] before, byte[] codes, float[] steps, float[] after) in blocks)
            {
                CollectionAssert.AreEqual(before, operations.QuantizeRetrace(shape.Batch, bits, codes, steps, after));
            }
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void AStepIsTheLeastOfItsForm(DeviceOperations operations)
    {
        CpuShape shape = Shapes.Shape(1, 1, 1, 4096);
        float[] zeros = new float[4096];
        Stored z = new(CpuType.Float32, [.. Enumerable.Range(0, 4096).Select(i => i / 1024f)]);
        foreach (int bits in (int[])[4, 8])
        {
            double levels = bits == 4 ? 7 : 127;
            var result = operations.QuantizeResidual(shape.Batch, Positions(shape), bits, zeros, z, 1, zeros);
            double range = 4095 / 1024.0, step = result.Steps[0];
            Assert.AreEqual(0, step % Grid, "no multiple of the grid");
            Assert.IsGreaterThanOrEqualTo(range / levels, step);
            Assert.IsLessThanOrEqualTo(range / levels * (1 + 1.0 / 128) + Grid, step);
        }
    }

    /// <summary>
    /// Wrong numbers make wrong numbers and nothing worse: the step is refused for its loss, and
    /// the memory beside must be whole.
    /// </summary>
    [TestMethod]
    [EveryBackend]
    internal void NumbersThatAreNotFiniteStayInTheirChannel(DeviceOperations operations)
    {
        CpuShape shape = Shapes.Shape(1, 3, 2, 2);
        foreach (float bad in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity])
        {
            float[] x = [1, 2, bad, 3, 4, 5, 6, 7, 8, 9, 10, 11];
            var result = operations.QuantizeResidual(
                shape.Batch, Positions(shape), 4, x, new float[12], S, new float[12]);
            for (int i = 0; i < 12; i++)
            {
                Assert.IsTrue(
                    i % 3 == 2 || Math.Abs(result.Decoded[i] - x[i]) <= result.Steps[i % 3],
                    $"element {i} beside {bad}");
            }
        }
    }

    private static IEnumerable<(CpuShape Shape, int Bits, CpuType Type, Alias Alias)> Cases() =>
        from shape in s_shapes
        from bits in (int[])[4, 8]
        from type in Inputs.Types
        from alias in (Alias[])[Alias.None, Alias.X]
        select (shape, bits, type, alias);

    /// <summary>
    /// Multiples of 2⁻⁷ in [−1, 1): exact in bfloat16, too, and no quotient comes near a tie that
    /// it is not.
    /// </summary>
    private static float[] Dyadic(Inputs inputs, int count, int levels) =>
        Array.ConvertAll(inputs.Levels(count, levels), level => (level - (levels / 2)) * (2f / levels));

    private static double[] Codes(CpuShape shape, int bits, byte[] packed)
    {
        int rowBytes = ((int)shape.Channels * bits + 7) / 8;
        return [.. Enumerable.Range(0, Shapes.Elements(shape)).Select(i =>
        {
            (int row, int channel) = Math.DivRem(i, (int)shape.Channels);
            int bit = channel * bits;
            int code = packed[(row * rowBytes) + (bit / 8)] >> (bit % 8) & ((1 << bits) - 1);
            return (double)(code - (1 << (bits - 1)));
        })];
    }

    private static int Positions(CpuShape shape) => (int)Shapes.Positions(shape);

    private static string What(CpuShape shape, int bits, CpuType type, Alias alias) =>
        $"{shape.Batch} samples, {Shapes.Positions(shape)} positions, {shape.Channels} channels, {bits} bits, z "
        + $"{type}, y aliases {alias}";
}
