namespace RevUp.Interop.Tests.Conformance;

/// <summary>
/// Both rules over several groups at once. All settings are numbers that float32 represents, so
/// that the oracle takes the same ones.
/// </summary>
[TestClass]
internal sealed class OptimizerTests
{
    private static readonly OptimizerNumbers s_sgd = new(
        GradientScale: 0.25, Skip: 0, Momentum: 0.9f, Nesterov: 0, Beta1: 0, Beta2: 0, Epsilon: 0, Correction1: 0,
        Correction2: 0);

    private static readonly OptimizerNumbers[] s_momenta =
        [s_sgd, s_sgd with { GradientScale = 1, Nesterov = 1 }, s_sgd with { Momentum = 0 }];

    private static readonly OptimizerNumbers s_adamW =
        s_sgd with { GradientScale = 0.5, Beta1 = 0.9f, Beta2 = 0.999f, Epsilon = 1e-8f };

    [TestMethod]
    [EveryBackend]
    internal void SgdMatchesTheOracle(DeviceOperations operations)
    {
        foreach (GroupNumbers[] groups in Inputs.Counts.SelectMany(Layouts))
        {
            foreach (OptimizerNumbers s in s_momenta)
            {
                GroupNumbers[] of = Elements(groups);
                Inputs inputs = new(of.Length);
                float[] gradient = inputs.Uniform(of.Length);
                float[] momentum = inputs.Uniform(of.Length);
                float[] weights = inputs.Uniform(of.Length);
                double[] wideGradient = Oracle.Widen(gradient);
                double[] expectedMomentum = Oracle.Widen(momentum);
                double[] expectedWeights = Oracle.Widen(weights);
                double[] step = Oracle.Magnitudes(gradient);
                double[] buffer = Oracle.Magnitudes(momentum);
                double[] start = Oracle.Magnitudes(weights);
                ForEach(groups, (range, group) =>
                {
                    (double[] m, double[] w) = Oracle.Sgd(
                        group.LearningRate, s.Momentum, group.WeightDecay, (int)s.Nesterov, s.GradientScale,
                        wideGradient[range], expectedMomentum[range], expectedWeights[range]);
                    m.CopyTo(expectedMomentum.AsSpan(range));
                    w.CopyTo(expectedWeights.AsSpan(range));
                });

                (momentum, weights) = operations.Sgd(Settings(s, groups), gradient, momentum, weights);

                // d: two products and an addition; m: two more; w: at most another product and
                // addition for Nesterov, a product and an addition.
                double D(int i) => (s.GradientScale * step[i]) + (of[i].WeightDecay * start[i]);
                double M(int i) => (s.Momentum * buffer[i]) + D(i);
                string what = $"of {groups.Length} groups with {of.Length} elements, {s}";
                Tolerance.AssertWithin(expectedMomentum, momentum, i => Tolerance.Float32(4, M(i)), $"momentum {what}");
                Tolerance.AssertWithin(
                    expectedWeights, weights,
                    i => Tolerance.Float32(8, start[i] + (of[i].LearningRate * (D(i) + M(i)))), $"weights {what}");
            }
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void AdamWMatchesTheOracle(DeviceOperations operations)
    {
        foreach (GroupNumbers[] groups in Inputs.Counts.SelectMany(Layouts))
        {
            foreach (long step in (long[])[1, 2, 1000])
            {
                OptimizerNumbers s = s_adamW with
                {
                    Correction1 = 1 - Math.Pow(s_adamW.Beta1, step),
                    Correction2 = 1 - Math.Pow(s_adamW.Beta2, step),
                };
                GroupNumbers[] of = Elements(groups);
                Inputs inputs = new(of.Length);
                float[] gradient = inputs.Uniform(of.Length);
                float[] first = inputs.Uniform(of.Length);
                float[] second = Array.ConvertAll(inputs.Uniform(of.Length), value => value * value);
                float[] weights = inputs.Uniform(of.Length);
                double[] firstMagnitude = new double[of.Length];
                double[] start = Oracle.Magnitudes(weights);
                for (int i = 0; i < of.Length; i++)
                {
                    firstMagnitude[i] =
                        (s.Beta1 * Math.Abs(first[i])) + ((1 - s.Beta1) * s.GradientScale * Math.Abs(gradient[i]));
                }

                double[] wideGradient = Oracle.Widen(gradient);
                double[] expectedFirst = Oracle.Widen(first);
                double[] expectedSecond = Oracle.Widen(second);
                double[] expectedWeights = Oracle.Widen(weights);
                ForEach(groups, (range, group) =>
                {
                    (double[] m, double[] v, double[] w) = Oracle.AdamW(
                        group.LearningRate, s.Beta1, s.Beta2, s.Epsilon, group.WeightDecay, step, s.GradientScale,
                        wideGradient[range], expectedFirst[range], expectedSecond[range], expectedWeights[range]);
                    m.CopyTo(expectedFirst.AsSpan(range));
                    v.CopyTo(expectedSecond.AsSpan(range));
                    w.CopyTo(expectedWeights.AsSpan(range));
                });

                (first, second, weights) = operations.AdamW(Settings(s, groups), gradient, first, second, weights);

                // m: three products and an addition. v, all terms positive: five roundings. The
                // update m / (sqrt(v) + epsilon) and its bias corrections, which are scalars
                // rounded to float32: half of v's five, and eight more.
                double Update(int i) =>
                    of[i].LearningRate * firstMagnitude[i] / s.Correction1 / (
                        Math.Sqrt(expectedSecond[i] / s.Correction2) + s.Epsilon);
                string what = $"of {groups.Length} groups with {of.Length} elements, {s}";
                Tolerance.AssertWithin(
                    expectedFirst, first, i => Tolerance.Float32(4, firstMagnitude[i]), $"first moment {what}");
                Tolerance.AssertWithin(
                    expectedSecond, second, i => Tolerance.Float32(5, expectedSecond[i]), $"second moment {what}");
                Tolerance.AssertWithin(
                    expectedWeights, weights,
                    i => Tolerance.Float32(4, start[i]) + Tolerance.Float32(4 + 3 + 8, Update(i)), $"weights {what}");
            }
        }
    }

    /// <summary>Momentum alone, and the step along a direction.</summary>
    [TestMethod]
    [EveryBackend]
    internal void ADirectionMatchesTheOracle(DeviceOperations operations)
    {
        foreach (GroupNumbers[] groups in Inputs.Counts.SelectMany(Layouts))
        {
            foreach (OptimizerNumbers s in s_momenta)
            {
                GroupNumbers[] of = Elements(groups);
                Inputs inputs = new(of.Length);
                float[] gradient = inputs.Uniform(of.Length);
                float[] momentum = inputs.Uniform(of.Length);
                float[] weights = inputs.Uniform(of.Length);
                double[] start = Oracle.Magnitudes(weights);
                double[] step = Oracle.Magnitudes(gradient);
                double[] buffer = Oracle.Magnitudes(momentum);
                (double[] direction, double[] wide) = Oracle.MomentumDirection(
                    s.Momentum, (int)s.Nesterov, s.GradientScale, Oracle.Widen(gradient), Oracle.Widen(momentum));

                (gradient, momentum) = operations.MomentumDirection(Settings(s, groups), gradient, momentum);

                double M(int i) => (s.Momentum * buffer[i]) + (s.GradientScale * step[i]);
                string what = $"of {groups.Length} groups with {of.Length} elements, {s}";
                Tolerance.AssertWithin(wide, momentum, i => Tolerance.Float32(3, M(i)), $"momentum {what}");
                Tolerance.AssertWithin(
                    direction, gradient, i => Tolerance.Float32(5, M(i) + (s.GradientScale * step[i])),
                    $"direction {what}");

                double[] along = Oracle.Widen(gradient);
                double[] expected = Oracle.Widen(weights);
                ForEach(groups, (range, group) => Oracle.Descend(
                    group.LearningRate, group.WeightDecay, along[range], expected[range]).CopyTo(
                        expected.AsSpan(range)));

                weights = operations.Descend(Settings(s, groups), gradient, weights);

                Tolerance.AssertWithin(
                    expected, weights,
                    i => Tolerance.Float32(
                        4, start[i] + (of[i].LearningRate * (Math.Abs(along[i]) + (of[i].WeightDecay * start[i])))),
                    $"weights {what}");
            }
        }
    }

    /// <summary>Also with a gradient that is not a number: it is never multiplied with.</summary>
    [TestMethod]
    [EveryBackend]
    internal void ASkippedStepTouchesNothing(DeviceOperations operations)
    {
        GroupNumbers[] groups = Layouts(1003)[^1];
        OptimizerNumbers skip = s_adamW with { Skip = 1, GradientScale = 0, Correction1 = 1, Correction2 = 1 };
        float[] gradient = [float.NaN, .. new Inputs(1).Uniform(1002)];
        float[] before = new Inputs(2).Uniform(1003);
        double[] settings = Settings(skip, groups);

        (float[] momentum, float[] sgdWeights) = operations.Sgd(settings, gradient, [.. before], [.. before]);
        (float[] first, float[] second, float[] weights) = operations.AdamW(
            settings, gradient, [.. before], [.. before], [.. before]);
        (float[] direction, float[] buffer) = operations.MomentumDirection(settings, [.. before], [.. before]);
        float[] descended = operations.Descend(settings, gradient, [.. before]);

        foreach (float[] after in
            (float[][])[momentum, sgdWeights, first, second, weights, direction, buffer, descended])
        {
            CollectionAssert.AreEqual(before, after);
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void GapsBetweenTensorsStayZero(DeviceOperations operations)
    {
        GroupNumbers[] groups = Layouts(100)[^1];
        float[] gradient = new float[100], first = new float[100], second = new float[100], weights = new float[100];
        gradient[0] = weights[0] = 1;

        OptimizerNumbers adamW = s_adamW with { Correction1 = 0.1, Correction2 = 0.001 };
        (first, weights) = operations.Sgd(Settings(s_sgd, groups), gradient, first, weights);
        (first, second, weights) = operations.AdamW(Settings(adamW, groups), gradient, first, second, weights);

        foreach (float[] buffer in (float[][])[first, second, weights])
        {
            CollectionAssert.AreEqual(new float[99], buffer[1..]);
            Assert.AreNotEqual(0, buffer[0]);
        }
    }

    /// <summary>
    /// One group, and several of which the first, the last but one or both are empty; every one
    /// with settings of its own.
    /// </summary>
    private static GroupNumbers[][] Layouts(int count)
    {
        int half = count / 2 / 16 * 16;
        return
        [
            [new(count, 0.1f, 5e-4f)],
            [new(half, 0.1f, 5e-4f), new(count, 0.01f, 0)],
            [new(0, 1, 0.5f), new(half, 0.5f, 0.25f), new(half, 1, 0.5f), new(count, 0.125f, 0)],
        ];
    }

    private static double[] Settings(OptimizerNumbers numbers, GroupNumbers[] groups)
    {
        double[] settings = new double[OptimizerNumbers.Length(groups.Length)];
        OptimizerNumbers.Write(numbers, groups, settings);
        return settings;
    }

    /// <summary>The group of each element.</summary>
    private static GroupNumbers[] Elements(GroupNumbers[] groups)
    {
        GroupNumbers[] elements = new GroupNumbers[(int)groups[^1].End];
        ForEach(groups, (range, group) => elements.AsSpan(range).Fill(group));
        return elements;
    }

    private static void ForEach(GroupNumbers[] groups, Action<Range, GroupNumbers> action)
    {
        int start = 0;
        foreach (GroupNumbers group in groups)
        {
            action(start..(int)group.End, group);
            start = (int)group.End;
        }
    }
}
