namespace RevUp.Tests.Training;

/// <summary>Steps of Muon beside a naive one in double, matrix by matrix.</summary>
[TestClass]
public sealed class MuonTests
{
    private const double Rate = 0.1, Decay = 0.01, Momentum = 0.9;

    // Wide, tall, square, one row, one column, and convolutions in 2-D and 3-D.
    private static readonly Shape[] s_matrices =
    [
        new(4, 7), new(9, 3), new(5, 5), new(1, 6), new(6, 1), new(8, 3, 3, 4), new(12, 1, 1, 3), new(3, 2, 2, 2, 2),
    ];

    private static readonly OptimizerSettings s_muon = new()
    {
        Kind = OptimizerKind.Muon,
        LearningRate = Rate,
        Momentum = Momentum,
        Nesterov = true,
        WeightDecay = Decay,
        ScalarLearningRateFactor = 0.5,
    };

    [TestMethod]
    [EveryBackend]
    public void AMatrixMovesAlongTheOrthogonalMatrixOfItsMomentum(TestDevice device)
    {
        using Steps steps = new(device, s_muon);
        double[][] weights = steps.Values(), momentum = [.. weights.Select(w => new double[w.Length])];
        for (int step = 0; step < 3; step++)
        {
            float[][] gradients = steps.Run(seed: 10 + step);
            for (int p = 0; p < weights.Length; p++)
            {
                double[] direction = new double[weights[p].Length];
                for (int i = 0; i < direction.Length; i++)
                {
                    momentum[p][i] = Momentum * momentum[p][i] + gradients[p][i];
                    direction[i] = gradients[p][i] + Momentum * momentum[p][i];
                }
                bool isMatrix = p < s_matrices.Length, isScalar = p == s_matrices.Length + 1;
                double[] along = isMatrix ? Orthogonal(direction, s_matrices[p][0]) : direction;
                double rate = isScalar ? 0.5 * Rate : Rate, decay = isScalar ? 0 : Decay;
                for (int i = 0; i < direction.Length; i++)
                {
                    weights[p][i] -= rate * (along[i] + decay * weights[p][i]);
                }
            }
        }
        double[][] actual = steps.Values();
        for (int p = 0; p < weights.Length; p++)
        {
            for (int i = 0; i < weights[p].Length; i++)
            {
                Assert.AreEqual(weights[p][i], actual[p][i], steps.Tolerance, $"element {i} of {steps.Name(p)}");
            }
        }
    }

    /// <summary>
    /// The iteration takes singular values to about one: σ = 1 for all of them would have the norm
    /// of the smaller side's root.
    /// </summary>
    [TestMethod]
    public void EveryDirectionOfAMatrixMovesAboutAsFar()
    {
        using Steps steps = new(TestDevice.All[0], s_muon with { WeightDecay = 0, Momentum = 0, Nesterov = false });
        double[][] before = steps.Values();
        steps.Run(seed: 1);
        double[][] after = steps.Values();
        for (int p = 0; p < s_matrices.Length; p++)
        {
            int rows = s_matrices[p][0], columns = (int)s_matrices[p].Count / rows;
            double norm = Math.Sqrt(before[p].Zip(after[p], (a, b) => (b - a) * (b - a)).Sum()) / Rate;
            double root = Math.Sqrt(Math.Min(rows, columns));
            Assert.IsTrue(norm > 0.65 * root && norm < 1.25 * root, $"{s_matrices[p]}: {norm} beside {root}");
        }
    }

    [TestMethod]
    [EveryBackend]
    public void AMatrixWithoutAGradientStays(TestDevice device)
    {
        using Steps steps = new(device, s_muon with { WeightDecay = 0 });
        double[][] before = steps.Values();
        steps.Run(seed: 0);
        AssertSame(before, steps.Values());
    }

    [TestMethod]
    [EveryBackend]
    public void ASkippedStepTouchesNeitherWeightsNorMomentum(TestDevice device)
    {
        using Steps steps = new(device, s_muon), twin = new(device, s_muon);
        double[][] before = steps.Values();
        steps.Run(seed: 3, skip: true);
        AssertSame(before, steps.Values());
        steps.Run(seed: 4);
        twin.Run(seed: 4);
        AssertSame(twin.Values(), steps.Values());
    }

    private static void AssertSame(double[][] expected, double[][] actual)
    {
        for (int p = 0; p < expected.Length; p++)
        {
            CollectionAssert.AreEqual(expected[p], actual[p]);
        }
    }

    // Newton-Schulz on rows × columns numbers, always with XXᵀ.
    private static double[] Orthogonal(double[] g, int rows)
    {
        int columns = g.Length / rows;
        double norm = Math.Sqrt(g.Sum(value => value * value));
        double[] x = [.. g.Select(value => value / norm)];
        for (int i = 0; i < 5; i++)
        {
            double[] a = Product(x, Transposed(x, rows), rows);
            double[] square = Product(a, a, rows);
            double[] b = [.. a.Zip(square, (first, second) => -4.7750 * first + 2.0315 * second)];
            x = [.. x.Zip(Product(b, x, rows), (first, second) => 3.4445 * first + second)];
        }
        return x;

        double[] Transposed(double[] m, int of) =>
            [.. Enumerable.Range(0, m.Length).Select(i => m[i % of * (m.Length / of) + i / of])];

        static double[] Product(double[] left, double[] right, int rows)
        {
            int inner = left.Length / rows, width = right.Length / inner;
            double[] product = new double[rows * width];
            for (int i = 0; i < product.Length; i++)
            {
                for (int k = 0; k < inner; k++)
                {
                    product[i] += left[i / width * inner + k] * right[k * width + i % width];
                }
            }
            return product;
        }
    }

    /// <summary>An optimiser over the matrices, a vector, a Fixup scalar and a head.</summary>
    private sealed class Steps : IDisposable
    {
        private readonly Backend _backend;
        private readonly ParameterStore _store;
        private readonly Optimizer _optimizer;
        private readonly Tensor _outcome;
        private readonly Tensor _norm;
        private int _count;

        public Steps(TestDevice device, OptimizerSettings settings)
        {
            _backend = device.Open(poison: false, threads: 1);
            _store = new ParameterStore(_backend);
            for (int p = 0; p < s_matrices.Length; p++)
            {
                _store.Add($"matrix {p}", s_matrices[p], ParameterGroup.Weights, Initialization.PyTorch(s_matrices[p]));
            }
            _store.Add("vector", new Shape(5), ParameterGroup.Weights, Initialization.Constant(0.5f));
            _store.Add("scalar", new Shape(1), ParameterGroup.Scalars, Initialization.Constant(1));
            _store.Add("head.weight", new Shape(3, 5), ParameterGroup.Weights, Initialization.Normal(1));
            _store.Build(seed: 1);
            _optimizer = new Optimizer(_backend, _store, settings);
            Shape outcome = new(StepOutcome.Length);
            _outcome = _backend.Memory.Allocate(outcome, ElementType.Float64, MemoryPurpose.Workspace);
            _norm = _backend.Memory.Allocate(new Shape(2), ElementType.Float64, MemoryPurpose.Workspace);
        }

        // TF32 keeps 10 bits of a factor.
        public double Tolerance => _backend.HasTf32 ? 1e-3 : 2e-5;

        public string Name(int parameter) =>
            $"{_store.Parameters[parameter].Name} {_store.Parameters[parameter].Shape}";

        public double[][] Values() =>
            [.. _store.Parameters.Select(p => Array.ConvertAll(_backend.ToHost(p.Value), value => (double)value))];

        /// <summary>One step by normal gradients of a seed, 0 for zeros; returns them.</summary>
        public float[][] Run(int seed, bool skip = false)
        {
            float[][] gradients = [.. _store.Parameters.Select((p, i) =>
                seed == 0 ? new float[p.Shape.Count] : Vectors.Normal(seed * 100 + i, (int)p.Shape.Count))];
            foreach ((Parameter parameter, float[] gradient) in _store.Parameters.Zip(gradients))
            {
                _backend.Upload<float>(gradient, parameter.Gradient);
            }
            _optimizer.Schedule(1, ++_count);
            _backend.Upload<double>([skip ? double.NaN : 0, 0], _norm);
            StepLimits limits = new(Averaging: 1, ClipNorm: 0, HardLimit: 0, Tolerance: 0, Rounding: 0);
            _backend.StepVerdict(limits, _norm, _norm, default, default, default, _optimizer.Settings, _outcome);
            _optimizer.Update();
            return gradients;
        }

        public void Dispose()
        {
            _optimizer.Dispose();
            _store.Dispose();
            _backend.Memory.Free(_outcome);
            _backend.Memory.Free(_norm);
            _backend.Dispose();
        }
    }
}
