using RevUp.Backends;
using RevUp.Layers;
using RevUp.Tensors;

namespace RevUp.Reversible;

/// <summary>
/// Checks a <see cref="Branch"/> of one's own, for the tests of an application: Forward repeats its
/// bits, Backward is its gradient, and the bound holds.
/// </summary>
/// <remarks>
/// Shapes: x is [2, (D), H, W, C] of random numbers; all parameters are moved away from their
/// initial values. Gradients are compared with central differences, at up to 24 elements of x and
/// of each parameter. The Lipschitz constant is measured along the steepest directions found.
/// Cost: some hundreds of evaluations, so small extents are best.
/// <code>
/// using CpuBackend backend = new(threads: 1);
/// BranchCheck.Run(backend, new Shape(1, 6, 6, 4), width: 8, site => new SineBranch(site));
/// </code>
/// </remarks>
public static class BranchCheck
{
    private const long DataStream = 105;
    private const int Batch = 2, Elements = 24, NormIterations = 300, SteepestSteps = 12;
    private const double Tolerance = 0.02;
    private const string Name = "branch", Multiplier = "branch.scale";

    // Of a number of z, as a sum of some hundred products in float32.
    private const double Rounding = 5e-7;

    // Of a change, relative to the numbers: a kink of the branch lies in a small one less often.
    private static readonly double[] s_steps = [1e-2, 2e-3, 5e-4];

    // Sizes of x at which the bound is tried.
    private static readonly double[] s_sizes = [0.1, 1, 10];

    /// <summary>Returns when nothing was found.</summary>
    /// <param name="backend">The device; stays the caller's.</param>
    /// <param name="input">Shape of one sample of x: [1, (D), H, W, C].</param>
    /// <param name="width">Channels inside the branch.</param>
    /// <param name="factory">Makes the branch.</param>
    /// <param name="activation">φ, for branches that take it from their site.</param>
    /// <param name="seed">Seed of parameters and numbers.</param>
    /// <exception cref="InvalidOperationException">
    /// The branch breaks its contract: names the tensor, the element and both values.
    /// </exception>
    public static void Run(
        Backend backend, Shape input, int width, Func<BranchSite, Branch> factory,
        Activation activation = Activation.Relu, ulong seed = 1)
    {
        ArgumentNullException.ThrowIfNull(backend);
        ArgumentNullException.ThrowIfNull(factory);
        BranchSettings settings = new(
            BranchKind.Custom, activation, Groups: 1, ElementType.Float32, BranchCount: 1, new LipschitzSettings(),
            Factory: factory);
        using ParameterStore store = new(backend);
        using InvertibleBlock block = new(Name, index: 0, backend, store, input, width, settings);
        store.Build(seed);
        using PowerIteration iteration = new(backend, store, block.Branch.Norms, seed);
        using Trial trial = new(backend, store, block, seed);
        trial.CheckDeterminism();
        trial.CheckGradients();
        iteration.Iterate(NormIterations);
        block.Prepare(Batch, NetworkUse.Training);
        trial.CheckBound();
    }

    private static double Norm(float[] x) => Math.Sqrt(Sum(x, x));

    private static double Sum(float[] x, float[] y) => x.Zip(y, (left, right) => (double)left * right).Sum();

    private static InvalidOperationException Broken(string message) => new($"The branch {message}.");

    /// <summary>A branch with random numbers, in the memory of the host.</summary>
    private sealed class Trial : IDisposable
    {
        private readonly Backend _backend;
        private readonly ParameterStore _store;
        private readonly InvertibleBlock _block;
        private readonly OwnBranch _branch;
        private readonly Tensor _x;
        private CounterRandom _random;

        public Trial(Backend backend, ParameterStore store, InvertibleBlock block, ulong seed)
        {
            (_backend, _store, _block, _branch) = (backend, store, block, (OwnBranch)block.Branch);
            _random = new CounterRandom(seed, DataStream, 0);
            Shape shape = block.Input.WithBatch(Batch);
            _x = backend.Memory.Allocate(shape, ElementType.Float32, MemoryPurpose.Activations);
            foreach (Parameter parameter in store.Parameters)
            {
                float[] values = Read(parameter.Value), noise = Normal(values.Length, 0.1);
                backend.Upload<float>([.. values.Zip(noise, (value, each) => value + each)], parameter.Value);
            }
            block.Prepare(Batch, NetworkUse.Training);
        }

        public void Dispose()
        {
            _block.ReleaseWeights();
            _backend.Memory.Free(_x);
        }

        /// <summary>The same x between other ones, with and without saved tensors.</summary>
        public void CheckDeterminism()
        {
            float[] x = Normal((int)_x.Count, 1), first = Forward(x);
            Forward(Normal(x.Length, 1));
            Compare(Forward(x), "again");
            (float[] saved, _) = Differentiate(x, Normal(x.Length, 1));
            Compare(saved, "with saved tensors");

            void Compare(float[] z, string how)
            {
                for (int i = 0; i < z.Length; i++)
                {
                    if (BitConverter.SingleToInt32Bits(z[i]) != BitConverter.SingleToInt32Bits(first[i]))
                    {
                        throw Broken(
                            $"gives z[{i}] = {first[i]:G9}, and {how} {z[i]:G9} for the same x; an inversion needs the "
                            + "same bits: no random numbers, no counters, no running statistics");
                    }
                }
            }
        }

        /// <summary>The gradients of ⟨r, z(x)⟩ for a random r.</summary>
        public void CheckGradients()
        {
            float[] x = Normal((int)_x.Count, 1), r = Normal(x.Length, 1);
            (float[] z, float[] dx) = Differentiate(x, r);
            double rounding = Rounding * Math.Sqrt(z.Zip(r, (a, b) => Math.Pow((double)a * b, 2)).Sum());
            Compare("x", x, dx, changed => Sum(Forward(changed), r));
            foreach (Parameter parameter in _store.Parameters.Where(parameter => parameter.Name != Multiplier))
            {
                float[] values = Read(parameter.Value);
                Compare(parameter.Name, values, Read(parameter.Gradient), changed =>
                {
                    _backend.Upload<float>(changed, parameter.Value);
                    _block.Prepare(Batch, NetworkUse.Training);
                    return Sum(Forward(x), r);
                });
                _backend.Upload<float>(values, parameter.Value);
                _block.Prepare(Batch, NetworkUse.Training);
            }

            void Compare(string name, float[] values, float[] gradient, Func<float[], double> loss)
            {
                double typical = Norm(gradient) / Math.Sqrt(gradient.Length);
                double size = Math.Max(Norm(values) / Math.Sqrt(values.Length), 1e-3);
                foreach (int i in Chosen(values.Length))
                {
                    double allowed = Tolerance * Math.Max(Math.Abs(gradient[i]), typical), slope = 0;
                    bool agrees = false;
                    for (int step = 0; step < s_steps.Length && !agrees; step++)
                    {
                        double change = s_steps[step] * size;
                        slope = (loss(Changed(change)) - loss(Changed(-change))) / (2 * change);
                        agrees = Math.Abs(slope - gradient[i]) <= allowed + rounding / change;
                    }
                    if (!agrees)
                    {
                        throw Broken(
                            $"gives the gradient {gradient[i]:G4} of {name}[{i}], and the differences of Forward give "
                            + $"{slope:G4}; correct Backward");
                    }

                    float[] Changed(double by)
                    {
                        float[] changed = [.. values];
                        changed[i] += (float)by;
                        return changed;
                    }
                }
            }
        }

        /// <summary>‖z(x + v) − z(x)‖ / ‖v‖, v along JᵀJv of the last one.</summary>
        public void CheckBound()
        {
            double multiplier = Math.Abs(Read(_branch.Multiplier)[0]);
            double bound = _branch.LipschitzBound() / multiplier;
            foreach (double size in s_sizes)
            {
                float[] x = Normal((int)_x.Count, size), z = Forward(x), v = Normal(x.Length, 1);
                for (int step = 0; step < SteepestSteps && Norm(v) > 0; step++)
                {
                    double length = 1e-2 * Norm(x) / Norm(v);
                    float[] moved = [.. x.Zip(v, (number, each) => (float)(number + length * each))];
                    float[] change = [.. Forward(moved).Zip(z, (left, right) => left - right)];
                    double slope = Norm(change) / Norm([.. moved.Zip(x, (left, right) => left - right)]);
                    if (slope > (1 + Tolerance) * bound)
                    {
                        throw Broken(
                            $"has Lip(z) of at least {slope:G4}, and Lipschitz times the norms of its convolutions is "
                            + $"{bound:G4}; raise Lipschitz by a factor of {slope / bound:G3} or more: this is a lower "
                            + "limit, so derive the constant from the functions of the branch");
                    }
                    (_, v) = Differentiate(x, change);
                }
            }
        }

        private float[] Forward(float[] x)
        {
            _backend.Upload<float>(x, _x);
            return Take(_branch.Approximate(_x));
        }

        // z of x, and the gradient of x for a gradient dz; the parameters' gradients are new.
        private (float[] Z, float[] Gradient) Differentiate(float[] x, float[] dz)
        {
            _backend.Fill(_store.Gradients, 0);
            _backend.Upload<float>(x, _x);
            SavedTensors saved = default;
            float[] z = Take(_branch.Evaluate(_x, save: true, ref saved));
            Tensor gradient = _backend.Memory.Allocate(_x.Shape, ElementType.Float32, MemoryPurpose.Activations);
            _backend.Upload<float>(dz, gradient);
            float[] dx = Take(_branch.Differentiate(_x, gradient, ref saved));
            saved.Free(_backend.Memory);
            _backend.Memory.Free(gradient);
            return (z, dx);
        }

        private float[] Take(Tensor tensor)
        {
            float[] numbers = Read(tensor);
            _backend.Memory.Free(tensor);
            int wrong = Array.FindIndex(numbers, number => !float.IsFinite(number));
            return wrong < 0 ? numbers : throw Broken($"gives {numbers[wrong]} at element {wrong} of {tensor}");
        }

        private float[] Read(Tensor tensor)
        {
            float[] numbers = new float[tensor.Count];
            _backend.Download<float>(tensor, numbers);
            return numbers;
        }

        private float[] Normal(int count, double deviation)
        {
            float[] numbers = new float[count];
            for (int i = 0; i < count; i++)
            {
                numbers[i] = (float)(deviation * _random.NextNormal());
            }
            return numbers;
        }

        private int[] Chosen(int count)
        {
            int[] chosen = new int[Math.Min(count, Elements)];
            for (int i = 0; i < chosen.Length; i++)
            {
                chosen[i] = count <= Elements ? i : _random.NextInt(count);
            }
            return chosen;
        }
    }
}
