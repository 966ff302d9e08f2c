using Microsoft.VisualStudio.TestTools.UnitTesting;
using RevUp.Interop.Tests.Support;

namespace RevUp.Interop.Tests.Conformance;

[TestClass]
internal sealed class LinearTests
{
    private static readonly (int Batch, int Inputs, int Outputs)[] s_sizes = [(1, 1, 1), (3, 7, 5), (17, 65, 10), (33, 129, 101)];

    [TestMethod]
    [EveryBackend]
    internal void ForwardMatchesTheOracle(IOperations operations)
    {
        foreach ((int batch, int inputs, int outputs) in s_sizes)
        {
            Inputs random = new(batch);
            float[] x = random.Uniform(batch * inputs);
            float[] w = random.Uniform(outputs * inputs);
            float[] bias = random.Uniform(outputs);
            double[] expected = Oracle.LinearForward(batch, inputs, outputs, Oracle.Widen(x), Oracle.Widen(w), Oracle.Widen(bias));
            double[] magnitude = Oracle.LinearForward(batch, inputs, outputs, Oracle.Magnitudes(x), Oracle.Magnitudes(w), Oracle.Magnitudes(bias));

            float[] actual = operations.LinearForward(batch, inputs, outputs, x, w, bias);

            // An inner product of n terms, each product rounded, then the bias.
            Tolerance.AssertWithin(expected, actual, i => Tolerance.Float32(inputs + 1, magnitude[i]), $"linear {batch}x{inputs}x{outputs}");
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void BackwardMatchesTheOracle(IOperations operations)
    {
        foreach ((int batch, int inputs, int outputs) in s_sizes)
        {
            Inputs random = new(batch);
            float[] x = random.Uniform(batch * inputs);
            float[] w = random.Uniform(outputs * inputs);
            float[] dy = random.Uniform(batch * outputs);
            float[] dw = random.Uniform(outputs * inputs);
            float[] dbias = random.Uniform(outputs);
            (double[] expectedDx, double[] expectedDw, double[] expectedDbias) = Oracle.LinearBackward(
                batch, inputs, outputs, Oracle.Widen(x), Oracle.Widen(w), Oracle.Widen(dy), Oracle.Widen(dw), Oracle.Widen(dbias));
            (double[] dxMagnitude, double[] dwMagnitude, double[] dbiasMagnitude) = Oracle.LinearBackward(
                batch, inputs, outputs, Oracle.Magnitudes(x), Oracle.Magnitudes(w), Oracle.Magnitudes(dy), Oracle.Magnitudes(dw), Oracle.Magnitudes(dbias));
            string what = $"linear {batch}x{inputs}x{outputs}";

            LinearGradients actual = operations.LinearBackward(batch, inputs, outputs, x, w, dy, dw, dbias);

            // Inner products over the outputs and over the batch; the latter are added to what was there.
            Tolerance.AssertWithin(expectedDx, actual.Dx, i => Tolerance.Float32(outputs, dxMagnitude[i]), $"dx of {what}");
            Tolerance.AssertWithin(expectedDw, actual.Dw, i => Tolerance.Float32(batch + 1, dwMagnitude[i]), $"dw of {what}");
            Tolerance.AssertWithin(expectedDbias, actual.Dbias, i => Tolerance.Float32(batch + 1, dbiasMagnitude[i]), $"dbias of {what}");
        }
    }
}
