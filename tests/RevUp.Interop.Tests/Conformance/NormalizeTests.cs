namespace RevUp.Interop.Tests.Conformance;

/// <summary>
/// Vectors of every size in one buffer, each starting at a multiple of 16, with gaps between them
/// and the norms behind the last.
/// </summary>
[TestClass]
internal sealed class NormalizeTests
{
    private const int Step = 16;
    private const float Gap = 17;

    private static readonly VectorEntry[] s_table = Table();
    private static readonly int s_norms = (int)s_table[0].Norm;

    [TestMethod]
    [EveryBackend]
    internal void EveryVectorIsDividedByItsNorm(DeviceOperations operations)
    {
        float[] before = Buffer(count => new Inputs(count).Uniform(count));

        float[] after = Normalize(operations, s_table, seed: 1, before);

        foreach (VectorEntry vector in s_table)
        {
            double[] wide = Oracle.Widen(Part(before, vector));
            double norm = Math.Sqrt(Oracle.Dot(wide, wide));

            // The norm may be rounded to float32 before the division or the product with its
            // reciprocal: three roundings.
            Tolerance.AssertWithin(
                norm, after[(int)vector.Norm], Tolerance.Float32(1, norm) + Tolerance.Float64(wide.Length, norm),
                $"norm of {vector}");
            Tolerance.AssertWithin(
                Array.ConvertAll(wide, value => value / norm),
                Part(after, vector),
                i => Tolerance.Float32(3, Math.Abs(wide[i] / norm)) + Tolerance.Float64(
                    wide.Length, Math.Abs(wide[i] / norm)),
                $"unit vector of {vector}");
        }
        AssertGaps(after);
    }

    [TestMethod]
    [EveryBackend]
    internal void AVectorWithoutDirectionIsDrawn(DeviceOperations operations)
    {
        float[] zeros = Normalize(operations, s_table, seed: 7, Buffer(count => new float[count]));
        float[] tiny = Normalize(
            operations, s_table, seed: 7, Buffer(count => [.. Enumerable.Repeat(1e-13f / count, count)]));

        CollectionAssert.AreEqual(zeros, tiny, "the same seed draws the same vectors");
        AssertGaps(zeros);
        foreach (VectorEntry vector in s_table)
        {
            Assert.AreEqual(0, zeros[(int)vector.Norm], $"the norm of {vector} counts as zero");
            double[] wide = Oracle.Widen(Part(zeros, vector));
            Tolerance.AssertWithin(
                1, Math.Sqrt(Oracle.Dot(wide, wide)), Tolerance.Float32(4, 1), $"norm of the redrawn {vector}");
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void WithoutDrawsAVectorWithoutDirectionIsZero(DeviceOperations operations)
    {
        float[] before = Buffer(count => [.. Enumerable.Repeat(1e-13f / count, count)]);

        float[] after = Normalize(operations, s_table, seed: 7, before, draws: 0);

        AssertGaps(after);
        foreach (VectorEntry vector in s_table)
        {
            Assert.AreEqual(0, after[(int)vector.Norm], $"the norm of {vector}");
            Assert.IsTrue(Part(after, vector).All(value => value == 0), $"{vector}");
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void EverySeedAndEveryVectorHasADrawOfItsOwn(DeviceOperations operations)
    {
        VectorEntry[] twins = [new(0, 64, 128), new(64, 64, 129)];

        float[] one = Normalize(operations, twins, seed: 1, new float[130]);
        float[] two = Normalize(operations, twins, seed: 2, new float[130]);

        CollectionAssert.AreNotEqual(one[..64], one[64..128]);
        CollectionAssert.AreNotEqual(one[..64], two[..64]);
        CollectionAssert.AreEqual(one[64..128], two[..64], "the seed of a vector is the seed plus its number");
    }

    /// <summary>
    /// A NaN has a direction no more than zero has, and must not be taken for it: it has to stay
    /// visible.
    /// </summary>
    [TestMethod]
    [EveryBackend]
    internal void ANaNStays(DeviceOperations operations)
    {
        float[] buffer = Normalize(
            operations, [new VectorEntry(First: 0, Count: 3, Norm: 3)], seed: 1, [1, float.NaN, 1, 0]);

        Assert.IsTrue(buffer.All(float.IsNaN), string.Join(", ", buffer));
    }

    [TestMethod]
    [DataRow(1.0, 7.0, 31.0)]
    [DataRow(-16.0, 7.0, 31.0)]
    [DataRow(32.0, 0.0, 31.0)]
    [DataRow(16.0, 17.0, 31.0)]
    [DataRow(16.0, -1.0, 31.0)]
    [DataRow(16.0, 0.5, 31.0)]
    [DataRow(16.0, 7.0, 32.0)]
    [DataRow(16.0, 7.0, double.NaN)]
    internal void AVectorOutsideTheBufferIsRefused(double first, double count, double norm)
    {
        VectorEntry[] table = [new VectorEntry(0, 7, 30), new VectorEntry(first, count, norm)];
        float[] buffer = new Inputs(1).Uniform(32);

        NativeException exception = Assert.ThrowsExactly<NativeException>(
            () => EveryBackendAttribute.Cpu(threads: 1).NormalizeAll(
                Numbers(table), longest: 32, draws: 1, seed: 1, buffer));

        StringAssert.Contains(exception.Message, "vector 1 of the table");
    }

    [TestMethod]
    internal void AVectorBeyondTheLongestIsRefused()
    {
        VectorEntry[] table = [new VectorEntry(0, 7, 30), new VectorEntry(16, 8, 31)];

        NativeException exception = Assert.ThrowsExactly<NativeException>(
            () => EveryBackendAttribute.Cpu(threads: 1).NormalizeAll(
                Numbers(table), longest: 7, draws: 1, seed: 1, new float[32]));

        StringAssert.Contains(exception.Message, "longest is 7; vector 1 of the table has 8");
    }

    private static float[] Normalize(
        DeviceOperations operations, VectorEntry[] table, ulong seed, float[] buffer, int draws = 1) =>
        operations.NormalizeAll(Numbers(table), table.Max(entry => (long)entry.Count), draws, seed, buffer);

    private static double[] Numbers(VectorEntry[] table) => MemoryMarshal.Cast<VectorEntry, double>(table).ToArray();

    private static VectorEntry[] Table()
    {
        int[] counts = [.. Inputs.Counts, 3, 16];
        List<VectorEntry> table = [];
        int first = 0;
        foreach (int count in counts)
        {
            table.Add(new VectorEntry(first, count, 0));
            first += (count + Step) / Step * Step;
        }
        return [.. table.Select((vector, i) => vector with { Norm = first + i })];
    }

    private static float[] Buffer(Func<int, float[]> content)
    {
        float[] buffer = new float[s_norms + s_table.Length];
        Array.Fill(buffer, Gap);
        foreach (VectorEntry vector in s_table)
        {
            content((int)vector.Count).CopyTo(buffer, (int)vector.First);
        }
        return buffer;
    }

    private static float[] Part(float[] buffer, VectorEntry vector) =>
        buffer[(int)vector.First..(int)(vector.First + vector.Count)];

    private static void AssertGaps(float[] buffer)
    {
        int end = 0;
        foreach (VectorEntry vector in s_table)
        {
            Assert.IsFalse(
                buffer.AsSpan(end, (int)vector.First - end).ContainsAnyExcept(Gap),
                $"something was written before {vector}");
            end = (int)(vector.First + vector.Count);
        }
        Assert.IsFalse(
            buffer.AsSpan(end, s_norms - end).ContainsAnyExcept(Gap), "something was written behind the last vector");
    }
}
