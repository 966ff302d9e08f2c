using Microsoft.VisualStudio.TestTools.UnitTesting;
using RevUp.Interop.Tests.Support;

namespace RevUp.Interop.Tests.Conformance;

[TestClass]
internal sealed class OptimizerTests
{
    [TestMethod]
    [EveryBackend]
    internal void SgdMatchesTheOracle(IOperations operations)
    {
        SgdSettings[] recipes =
        [
            new(0.1f, 0.9f, 5e-4f, Nesterov: false, GradientScale: 1), new(0.1f, 0.9f, 5e-4f, Nesterov: true, GradientScale: 0.25f),
            new(0.01f, 0, 0, Nesterov: false, GradientScale: 1),
        ];
        foreach (int count in Inputs.Counts)
        {
            foreach (SgdSettings s in recipes)
            {
                Inputs inputs = new(count);
                float[] gradient = inputs.Uniform(count);
                float[] momentum = inputs.Uniform(count);
                float[] weights = inputs.Uniform(count);
                double[] expectedMomentum = Oracle.Widen(momentum);
                double[] expectedWeights = Oracle.Widen(weights);
                double[] step = Oracle.Magnitudes(gradient);
                double[] buffer = Oracle.Magnitudes(momentum);
                double[] start = Oracle.Magnitudes(weights);
                Oracle.Sgd(s, Oracle.Widen(gradient), expectedMomentum, expectedWeights);

                operations.Sgd(s, gradient, momentum, weights);

                // d: two products and an addition; m: two more; w: at most another product and addition for Nesterov, a product and an addition.
                double D(int i) => (s.GradientScale * step[i]) + (s.WeightDecay * start[i]);
                double M(int i) => (s.Momentum * buffer[i]) + D(i);
                Tolerance.AssertWithin(expectedMomentum, momentum, i => Tolerance.Float32(4, M(i)), $"momentum of {count}, {s}");
                Tolerance.AssertWithin(
                    expectedWeights, weights, i => Tolerance.Float32(8, start[i] + (s.LearningRate * (D(i) + M(i)))), $"weights of {count}, {s}");
            }
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void AdamWMatchesTheOracle(IOperations operations)
    {
        foreach (int count in Inputs.Counts)
        {
            foreach (long step in (long[])[1, 2, 1000])
            {
                AdamWSettings s = new(1e-3f, 0.9f, 0.999f, 1e-8f, 0.05f, step, GradientScale: 0.5f);
                Inputs inputs = new(count);
                float[] gradient = inputs.Uniform(count);
                float[] first = inputs.Uniform(count);
                float[] second = Array.ConvertAll(inputs.Uniform(count), value => value * value);
                float[] weights = inputs.Uniform(count);
                double[] firstMagnitude = new double[count];
                double[] start = Oracle.Magnitudes(weights);
                for (int i = 0; i < count; i++)
                {
                    firstMagnitude[i] = (s.Beta1 * Math.Abs(first[i])) + ((1 - s.Beta1) * s.GradientScale * Math.Abs(gradient[i]));
                }

                double[] expectedFirst = Oracle.Widen(first);
                double[] expectedSecond = Oracle.Widen(second);
                double[] expectedWeights = Oracle.Widen(weights);
                Oracle.AdamW(s, Oracle.Widen(gradient), expectedFirst, expectedSecond, expectedWeights);

                operations.AdamW(s, gradient, first, second, weights);

                // m: three products and an addition. v, all terms positive: five roundings. The update m / (sqrt(v) + epsilon) and its bias corrections, which
                // are scalars rounded to float32: half of v's five, and eight more.
                double firstCorrection = 1 - Math.Pow(s.Beta1, step);
                double secondCorrection = 1 - Math.Pow(s.Beta2, step);
                double Update(int i) => s.LearningRate * firstMagnitude[i] / firstCorrection / (Math.Sqrt(expectedSecond[i] / secondCorrection) + s.Epsilon);
                Tolerance.AssertWithin(expectedFirst, first, i => Tolerance.Float32(4, firstMagnitude[i]), $"first moment of {count}, {s}");
                Tolerance.AssertWithin(expectedSecond, second, i => Tolerance.Float32(5, expectedSecond[i]), $"second moment of {count}, {s}");
                Tolerance.AssertWithin(
                    expectedWeights, weights, i => Tolerance.Float32(4, start[i]) + Tolerance.Float32(4 + 3 + 8, Update(i)), $"weights of {count}, {s}");
            }
        }
    }
}
