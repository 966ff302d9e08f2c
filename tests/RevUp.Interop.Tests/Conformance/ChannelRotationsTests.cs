namespace RevUp.Interop.Tests.Conformance;

/// <summary>
/// A stage rounds cosine or sine, a product and a sum: 3 roundings of |cos·x| + |sin·x'|, at most
/// √2 times the norm of the column. A rotation keeps that norm, and the norm of the errors before
/// it, so that K stages are off by at most K times as much.
/// </summary>
[TestClass]
internal sealed class ChannelRotationsTests
{
    // The last is large enough for its rows to be split over threads.
    private static readonly int[] s_channels = [2, 7, 16, 33, 160];

    [TestMethod]
    [EveryBackend]
    internal void TheMatrixMatchesTheOracle(DeviceOperations operations)
    {
        foreach (int channels in s_channels)
        {
            float[] angles = Angles(channels);
            double[] expected = Oracle.ChannelRotationsForward(channels, Oracle.Widen(angles));

            float[] actual = operations.ChannelRotationsForward(channels, angles);

            Tolerance.AssertWithin(expected, actual, _ => StagesBound(channels, norm: 1), $"{channels} channels");
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void GradientsMatchTheOracle(DeviceOperations operations)
    {
        foreach (int channels in s_channels)
        {
            float[] angles = Angles(channels);
            float[] matrix = operations.ChannelRotationsForward(channels, angles);
            Inputs inputs = new(channels);
            float[] matrixGradient = inputs.Uniform(channels * channels);
            float[] before = inputs.Uniform(angles.Length);
            double[] norms = ColumnNorms(channels, matrix), gradientNorms = ColumnNorms(channels, matrixGradient);
            (double[] undone, double[] undoneGradient, double[] term) = Oracle.ChannelRotationsBackward(
                channels, Oracle.Widen(angles), Oracle.Widen(matrix), Oracle.Widen(matrixGradient),
                new double[angles.Length]);
            double[] expected = [.. term.Select((value, i) => before[i] + value)];

            (float[] Matrix, float[] MatrixGradient, float[] Gradient) actual =
                operations.ChannelRotationsBackward(channels, angles, matrix, matrixGradient, before);

            // Each column adds the error of one matrix times the norm of the other.
            double products = norms.Zip(gradientNorms, (a, b) => 2.01 * StagesBound(channels, a) * b).Sum();
            Tolerance.AssertWithin(
                expected, actual.Gradient,
                i => products + Tolerance.Float32(2, Math.Abs(before[i]) + Math.Abs(term[i])),
                $"angles of {channels} channels");
            Tolerance.AssertWithin(
                undone, actual.Matrix, i => StagesBound(channels, norms[i % channels]), $"{channels} channels");
            Tolerance.AssertWithin(
                undoneGradient, actual.MatrixGradient,
                i => StagesBound(channels, gradientNorms[i % channels]), $"gradient of {channels} channels");
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void AnglesOfZeroAreTheIdentity(DeviceOperations operations)
    {
        float[] matrix = operations.ChannelRotationsForward(7, new float[ChannelRotations.Count(7)]);

        CollectionAssert.AreEqual(Enumerable.Range(0, 49).Select(i => i % 8 == 0 ? 1f : 0).ToArray(), matrix);
    }

    private static float[] Angles(int channels) =>
        new Inputs(channels + 1).Uniform(ChannelRotations.Count(channels), limit: 10);

    private static double StagesBound(int channels, double norm) =>
        Tolerance.Float32(3, Math.Ceiling(Math.Log2(channels)) * Math.Sqrt(2) * norm);

    private static double[] ColumnNorms(int channels, float[] matrix) =>
        [.. Enumerable.Range(0, channels).Select(
            j => Math.Sqrt(Enumerable.Range(0, channels).Sum(i => Math.Pow(matrix[(i * channels) + j], 2))))];
}
