namespace RevUp.Interop.Tests.Conformance;

/// <summary>
/// Convolutions with the operation behind them against the oracle's two. The result of the
/// convolution is not rounded in between: it is off by its sum alone, as in
/// <see cref="ConvolutionTests"/>.
/// </summary>
[TestClass]
internal sealed class ConvolutionFusionTests
{
    private const float A = 0.3f;
    private const float B = -0.7f;
    private const float S = 0.6f;
    private const float SumA = 5.25f;
    private const float SumB = -3.5f;

    private static readonly DeviceOperations s_operations = EveryBackendAttribute.OwnConvolutions;

    private static readonly CpuActivation[] s_pointwise =
        [CpuActivation.Identity, CpuActivation.Relu, CpuActivation.Elu];

    [TestMethod]
    internal void ResidualAddMatchesTheOracle()
    {
        foreach (Case sample in Cases(Inputs.Types))
        {
            float[] x = sample.Stream(1);
            (double[] y, double[] ahead) =
                Oracle.ResidualAddAhead(Oracle.Widen(x), sample.Z, S, sample.Activation, A, B);
            double Error(int i) =>
                sample.Error(i, S) + Tolerance.Float32(2, Math.Abs(x[i]) + Math.Abs(S * sample.Z[i]));

            foreach (bool inPlace in (bool[])[false, true])
            {
                (float[] actual, float[] actualAhead) = s_operations.ConvolutionResidualAdd(
                    sample.Geometry, sample.P, sample.Weights, x, S, sample.Activation, A, B, inPlace);
                Tolerance.AssertWithin(y, actual, Error, $"y of {sample}");
                AssertAhead(sample, ahead, actualAhead, Error);
            }
        }
    }

    [TestMethod]
    internal void FixedPointStepMatchesTheOracle()
    {
        foreach (Case sample in Cases(Inputs.Types))
        {
            float[] y = sample.Stream(1);
            foreach (bool begins in (bool[])[false, true])
            {
                float[]? x = begins ? null : sample.Stream(2);
                (double[] next, double[] statistics, double[] ahead) = Oracle.FixedPointStepAhead(
                    Oracle.Widen(y), sample.Z, S, x is null ? null : Oracle.Widen(x), sample.Activation, A, B);
                double Error(int i) =>
                    sample.Error(i, S) + Tolerance.Float32(2, Math.Abs(y[i]) + Math.Abs(S * sample.Z[i]));

                (float[] actual, double[] sums, float[] actualAhead) = s_operations.ConvolutionFixedPointStep(
                    sample.Geometry, sample.P, sample.Weights, y, S, x, sample.Activation, A, B);

                Tolerance.AssertWithin(next, actual, Error, $"next of {sample}");
                AssertAhead(sample, ahead, actualAhead, Error);
                // Of (v + e)² with an error e of v, and of the sum of a run of four in float32.
                for (int k = 0; k < 2; k++)
                {
                    double bound = Tolerance.Float32(8, statistics[k]) + Enumerable.Range(0, y.Length).Sum(i =>
                    {
                        double error = Error(i) + Tolerance.Float32(1, Math.Abs(next[i]) + Math.Abs((x ?? y)[i]));
                        double value = k == 0 ? next[i] - (x ?? y)[i] : next[i];
                        return 2 * Math.Abs(value) * error + error * error;
                    });
                    Tolerance.AssertWithin(statistics[k], sums[k], bound, $"statistics {k} of {sample}");
                }
            }
        }
    }

    [TestMethod]
    internal void PreactivationMatchesTheOracle()
    {
        foreach (Case sample in Cases([CpuType.BFloat16]))
        {
            double[] expected = Oracle.PreactivationForward(sample.Activation, sample.Z, A, B);

            float[] actual = s_operations.ConvolutionPreactivation(
                sample.Geometry, sample.P, sample.Weights, sample.Activation, A, B);

            AssertAhead(sample, expected, actual, i => sample.Error(i, 1));
        }
    }

    [TestMethod]
    internal void PreactivationGradientMatchesTheOracle()
    {
        foreach (Case sample in Cases([CpuType.BFloat16], ofData: true))
        {
            Inputs inputs = new(5);
            float[] y = inputs.Uniform(CpuType.BFloat16, sample.Z.Length).Values;
            foreach (CpuType type in Inputs.Types)
            {
                foreach (bool isFull in (bool[])[true, false])
                {
                    Check(sample, y, type, isFull ? S : null, isFull ? inputs.Uniform(type, y.Length) : null, isFull);
                }
            }
        }
    }

    private static void Check(
        Case sample, float[] y, CpuType type, float? scale, Stored? residual, bool withNarrow)
    {
        string what = $"gradient of {sample}, dx {type}, scale {scale}";
        double s = scale ?? 1;
        (double[] dx, _, double sumA, double sumB) = Oracle.PreactivationGradient(
            sample.Activation, Oracle.Widen(y), B, sample.Z, s, residual?.Doubles, withNarrow, SumA, SumB);

        (float[] actual, float[] narrow, float actualA, float actualB) = s_operations.ConvolutionPreactivationGradient(
            sample.Geometry, sample.P, sample.Weights, sample.Activation, y, B, scale, residual, type, withNarrow,
            SumA, SumB);

        // The slope is 1 + y − b at most, and exact for the others.
        double Slope(int i) => 1 + Math.Abs(y[i]) + Math.Abs(B);
        double Term(int i) => Math.Abs(s * sample.Z[i]) * Slope(i);
        double Sum(int i) => sample.Error(i, s) * Slope(i);
        double Error(int i) => Sum(i) + Tolerance.Float32(6, Term(i) + Math.Abs(residual?.Values[i] ?? 0));
        Tolerance.AssertWithin(dx, actual, i => Tolerance.StoredAs(type, dx[i], Error(i)), what);
        if (withNarrow)
        {
            Tolerance.AssertWithin(
                dx, narrow, i => Tolerance.StoredAs(CpuType.BFloat16, dx[i], Error(i)), "narrow " + what);
        }
        double magnitude = Enumerable.Range(0, y.Length).Sum(Term), error = Enumerable.Range(0, y.Length).Sum(Sum);
        double Bound(double initial) => error + Tolerance.Float32(8, magnitude)
            + Tolerance.Float32(2, magnitude + Math.Abs(initial));
        Tolerance.AssertWithin(sumA, actualA, Bound(SumA), $"sum_a of {what}");
        Tolerance.AssertWithin(sumB, actualB, Bound(SumB), $"sum_b of {what}");
    }

    private static void AssertAhead(Case sample, double[] expected, float[] actual, Func<int, double> error) =>
        Tolerance.AssertWithin(
            expected,
            actual,
            i => Tolerance.StoredAs(
                sample.Geometry.Type, expected[i],
                error(i) + Tolerance.Float32(2 + Tolerance.Exponential, Math.Abs(expected[i]) + 2)),
            $"ahead of {sample}");

    // Tiles that end in every way: channels in whole runs and not, groups, 1x1 and 3-D.
    private static IEnumerable<Case> Cases(CpuType[] types, bool ofData = false)
    {
        string[] names = ["3x3 with odd channels and extents", "1x1", "3x3 in 4 groups", "3-D 1x1x1", "wide 1x1"];
        foreach (CpuType type in types)
        {
            int i = 0;
            foreach ((string name, CpuConvolutionGeometry geometry) in ConvolutionGeometries.All(type).Append((
                "wide 1x1", ConvolutionGeometries.Make(type, 2, 24, 72, 1, [9, 8], [1, 1], [1, 1], [0, 0]))))
            {
                if (names.Contains(name))
                {
                    yield return new Case(name, geometry, s_pointwise[i++ % s_pointwise.Length], ofData);
                }
            }
        }
    }

    /// <summary>
    /// A convolution or its dgrad: operands, and the result z with the error of its sum.
    /// </summary>
    private sealed class Case
    {
        private readonly string _name;
        private readonly long _terms;
        private readonly double[] _magnitude;

        public Case(string name, CpuConvolutionGeometry geometry, CpuActivation activation, bool ofData)
        {
            (_name, Geometry, Activation) = (name, geometry, activation);
            Inputs inputs = new(11);
            P = inputs.Uniform(
                geometry.Type, ofData ? Shapes.DestinationElements(geometry) : Shapes.SourceElements(geometry));
            Weights = inputs.Uniform(geometry.Type, Shapes.WeightElements(geometry)).Values;
            Func<CpuConvolutionGeometry, double[], double[], double[]> oracle =
                ofData ? Oracle.ConvolutionDgrad : Oracle.ConvolutionFprop;
            Z = oracle(geometry, P.Doubles, Oracle.Widen(Weights));
            _magnitude = oracle(geometry, Oracle.Magnitudes(P.Values), Oracle.Magnitudes(Weights));
            _terms = (ofData ? geometry.OutChannels : geometry.InChannels) / geometry.Groups
                * geometry.Kernel.Product(geometry.Rank);
        }

        public CpuConvolutionGeometry Geometry { get; }

        public CpuActivation Activation { get; }

        public Stored P { get; }

        public float[] Weights { get; }

        public double[] Z { get; }

        public float[] Stream(int seed) => new Inputs(seed).Uniform(Z.Length);

        public double Error(int i, double scale) => Math.Abs(scale) * Tolerance.Float32(_terms + 1, _magnitude[i]);

        public override string ToString() => $"{_name}, {Geometry.Type}, {Activation}";
    }
}
