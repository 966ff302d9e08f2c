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
}
