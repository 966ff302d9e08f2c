using Microsoft.VisualStudio.TestTools.UnitTesting;
using RevUp.Interop.Tests.Support;

namespace RevUp.Interop.Tests.Conformance;

[TestClass]
internal sealed class ReductionTests
{
    [TestMethod]
    [EveryBackend]
    internal void DotMatchesTheOracle(IOperations operations)
    {
        foreach (int count in Inputs.Counts)
        {
            Inputs inputs = new(count);
            float[] x = inputs.Uniform(count);
            float[] y = inputs.Uniform(count);
            double[] wideX = Oracle.Widen(x);
            double[] wideY = Oracle.Widen(y);
            double magnitude = Oracle.Dot(Oracle.Magnitudes(x), Oracle.Magnitudes(y));

            // A product of two float32 values is exact in double, so only the additions round.
            Tolerance.AssertWithin(Oracle.Dot(wideX, wideY), operations.Dot(x, y), Tolerance.Float64(count, magnitude), $"dot of {count}");
            Tolerance.AssertWithin(
                Oracle.Dot(wideX, wideX), operations.Dot(x, null), Tolerance.Float64(count, Oracle.Dot(wideX, wideX)), $"dot of {count} with itself");
        }
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    internal void SumsOfTheCpuLibraryMatchTheOracle(int threads)
    {
        CpuOperations operations = new(threads);
        foreach (int count in Inputs.Counts)
        {
            Inputs inputs = new(count);
            float[] x = inputs.Uniform(count);
            float[] y = inputs.Uniform(count);
            double[] wideX = Oracle.Widen(x);
            double[] wideY = Oracle.Widen(y);
            double[] difference = wideX.Zip(wideY, (a, b) => a - b).ToArray();

            // Only the additions round; a difference and its square add three roundings.
            Tolerance.AssertWithin(
                Oracle.Sum(wideX), operations.Sum(x), Tolerance.Float64(count, Oracle.Sum(Oracle.Magnitudes(x))), $"sum of {count}");
            (double actualDifference, double actualNorm) = operations.Distance(x, y);
            double expectedDifference = Oracle.Dot(difference, difference);
            Tolerance.AssertWithin(expectedDifference, actualDifference, Tolerance.Float64(count + 3, expectedDifference), $"difference of {count}");
            double expectedNorm = Oracle.Dot(wideY, wideY);
            Tolerance.AssertWithin(expectedNorm, actualNorm, Tolerance.Float64(count, expectedNorm), $"norm of {count}");
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void NormalizeDividesByTheNorm(IOperations operations)
    {
        foreach (int count in Inputs.Counts)
        {
            foreach (Alias alias in (Alias[])[Alias.None, Alias.X])
            {
                float[] x = new Inputs(count).Uniform(count);
                double[] wide = Oracle.Widen(x);
                double norm = Math.Sqrt(Oracle.Dot(wide, wide));

                (float[] unit, float actualNorm) = operations.Normalize(x, seed: 1, alias);

                // The norm may be rounded to float32 before the division or the product with its reciprocal: three roundings.
                Tolerance.AssertWithin(norm, actualNorm, Tolerance.Float32(1, norm) + Tolerance.Float64(count, norm), $"norm of {count}");
                Tolerance.AssertWithin(
                    Array.ConvertAll(wide, value => value / norm),
                    unit,
                    i => Tolerance.Float32(3, Math.Abs(wide[i] / norm)) + Tolerance.Float64(count, Math.Abs(wide[i] / norm)),
                    $"unit vector of {count}, y aliases {alias}");
            }
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void NormalizeRedrawsAVectorWithoutDirection(IOperations operations)
    {
        foreach (int count in Inputs.Counts)
        {
            foreach (float value in (float[])[0, 1e-13f / count])
            {
                float[] x = Enumerable.Repeat(value, count).ToArray();

                (float[] unit, float norm) = operations.Normalize(x, seed: 7, Alias.None);
                (float[] again, _) = operations.Normalize(x, seed: 7, Alias.X);

                Assert.AreEqual(0, norm, $"the norm of {count} times {value} counts as zero");
                double[] wide = Oracle.Widen(unit);
                Tolerance.AssertWithin(1, Math.Sqrt(Oracle.Dot(wide, wide)), Tolerance.Float32(4, 1), $"norm of the redrawn vector of {count}");
                CollectionAssert.AreEqual(unit, again, "the same seed draws the same vector");
            }
        }

        (float[] first, _) = operations.Normalize(new float[64], seed: 1, Alias.None);
        (float[] second, _) = operations.Normalize(new float[64], seed: 2, Alias.None);
        CollectionAssert.AreNotEqual(first, second, "another seed draws another vector");
    }
}
