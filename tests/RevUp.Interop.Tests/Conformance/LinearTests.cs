namespace RevUp.Interop.Tests.Conformance;

[TestClass]
internal sealed class LinearTests
{
    private static readonly (int Batch, int Inputs, int Outputs)[] s_sizes =
        [(1, 1, 1), (3, 7, 5), (17, 65, 10), (33, 129, 101)];

    [TestMethod]
    [EveryBackend]
    internal void ForwardMatchesTheOracle(DeviceOperations operations)
    {
        foreach ((int batch, int inputs, int outputs) in s_sizes)
        {
            Inputs random = new(batch);
            float[] x = random.Uniform(batch * inputs);
            float[] w = random.Uniform(outputs * inputs);
            float[] bias = random.Uniform(outputs);
            double[] expected = Oracle.LinearForward(Oracle.Widen(x), Oracle.Widen(w), Oracle.Widen(bias));
            double[] magnitude = Oracle.LinearForward(
                Oracle.Magnitudes(x), Oracle.Magnitudes(w), Oracle.Magnitudes(bias));

            float[] actual = operations.LinearForward(x, w, bias);

            // An inner product of n terms, each product rounded, then the bias.
            Tolerance.AssertWithin(
                expected, actual, i => Tolerance.Float32(inputs + 1, magnitude[i]),
                $"linear {batch}x{inputs}x{outputs}");
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void BackwardMatchesTheOracle(DeviceOperations operations)
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
                Oracle.Widen(x), Oracle.Widen(w), Oracle.Widen(dy), Oracle.Widen(dw), Oracle.Widen(dbias));
            (double[] dxMagnitude, double[] dwMagnitude, double[] dbiasMagnitude) = Oracle.LinearBackward(
                Oracle.Magnitudes(x), Oracle.Magnitudes(w), Oracle.Magnitudes(dy), Oracle.Magnitudes(dw),
                Oracle.Magnitudes(dbias));
            string what = $"linear {batch}x{inputs}x{outputs}";

            (float[] actualDx, float[] actualDw, float[] actualDbias) = operations.LinearBackward(x, w, dy, dw, dbias);

            // Inner products over the outputs and over the batch; the latter are added to what was
            // there.
            Tolerance.AssertWithin(
                expectedDx, actualDx, i => Tolerance.Float32(outputs, dxMagnitude[i]), $"dx of {what}");
            Tolerance.AssertWithin(
                expectedDw, actualDw, i => Tolerance.Float32(batch + 1, dwMagnitude[i]), $"dw of {what}");
            Tolerance.AssertWithin(
                expectedDbias, actualDbias, i => Tolerance.Float32(batch + 1, dbiasMagnitude[i]), $"dbias of {what}");
        }
    }
}
