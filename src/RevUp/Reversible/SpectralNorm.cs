using RevUp.Backends;
using RevUp.Layers;
using RevUp.Tensors;

namespace RevUp.Reversible;

/// <summary>
/// The norm σ of one convolution as an operator, estimated by power iteration: v ← unit(Wᵀu), u ←
/// unit(Wv), σ = ‖Wv‖. W has the padding, groups and extents of the layer itself, and batch 1. u
/// and v are kept from step to step. A kernel flattened to a matrix would give no bound (i-ResNet,
/// arXiv 1811.00995, appendix).
/// </summary>
/// <remarks>
/// σ approaches the norm from below. 1×1 convolutions are iterated on their matrix. Fixed by
/// <see cref="PowerIteration"/> until its next call: inversion, recomputation and
/// <see cref="AddGradient"/> see the same u, v and σ.
/// </remarks>
internal sealed class SpectralNorm
{
    private readonly Backend _backend;
    private readonly Convolution _convolution;
    private readonly ConvolutionPlan _plan;
    private readonly PackedWeights _packed;
    private readonly StateTensor _u;
    private readonly StateTensor _v;

    /// <param name="name">Prefix of the state's names.</param>
    /// <param name="backend">The device.</param>
    /// <param name="store">Where u and v are declared: they belong into checkpoints.</param>
    /// <param name="convolution">
    /// The convolution; its operator is taken at its own extents, up to
    /// <paramref name="maximumExtent"/>.
    /// </param>
    /// <param name="maximumExtent">Positions per axis at most.</param>
    public SpectralNorm(string name, Backend backend, ParameterStore store, Convolution convolution, int maximumExtent)
    {
        _backend = backend;
        _convolution = convolution;
        _plan = backend.Convolution(Operator(convolution.Sample, maximumExtent));
        _packed = new PackedWeights(backend.Memory);
        _u = store.AddState(name + ".u", _plan.Geometry.Output, random: true);
        _v = store.AddState(name + ".v", _plan.Geometry.Input, random: true);
    }

    /// <summary>u, in the shape of one output.</summary>
    public Tensor U => _u.Value;

    /// <summary>v, in the shape of one input.</summary>
    public Tensor V => _v.Value;

    /// <summary>u = W v, with the weights as they are now.</summary>
    public void Multiply()
    {
        _plan.Forward(V, Pack(), U);
        _packed.Free();
    }

    /// <summary>v = Wᵀu.</summary>
    public void MultiplyTransposed()
    {
        _plan.BackwardData(U, Pack(), V);
        _packed.Free();
    }

    /// <summary>
    /// Adds dσ · ∂σ/∂W to the weight's gradient, where ∂⟨u, W v⟩/∂W with u and v held constant is
    /// the convolution's wgrad of (v, u).
    /// </summary>
    public void AddGradient(Tensor sigmaGradient)
    {
        Parameter weight = _convolution.Weight;
        Tensor gradient = _backend.Memory.Allocate(weight.Shape, ElementType.Float32, MemoryPurpose.Workspace);
        _plan.BackwardWeights(V, U, gradient);
        _backend.Axpy(sigmaGradient, gradient, weight.Gradient);
        _backend.Memory.Free(gradient);
    }

    /// <summary>
    /// The norm of a convolution at its own extents, for inspection. Power iteration starts from a
    /// random vector and ends when ten more iterations change σ by less than 10⁻⁶. No state is
    /// touched, and no memory stays allocated, whatever happens.
    /// </summary>
    public static double Converged(Backend backend, Convolution convolution)
    {
        const int MaximumIterations = 2000;
        const int IterationsBetween = 10;
        const double Change = 1e-6;
        long mark = backend.Memory.Mark();
        try
        {
            ParameterStore store = new(backend);
            SpectralNorm norm = new("converged", backend, store, convolution, int.MaxValue);
            StateTensor sigma = store.AddState("sigma", new Shape(1), random: false);
            store.Build(seed: 1);
            PowerIteration iteration = new(backend, store, [(norm, sigma.Value)], seed: 1);
            Span<float> value = stackalloc float[1];
            double previous = 0;
            for (int i = 0; i < MaximumIterations; i += IterationsBetween)
            {
                iteration.Iterate(IterationsBetween);
                backend.Download(sigma.Value, value);
                if (Math.Abs(value[0] - previous) <= Change * value[0])
                {
                    break;
                }
                previous = value[0];
            }
            return value[0];
        }
        finally
        {
            backend.Memory.FreeSince(mark);
        }
    }

    // Packed for one product at a time: all products of a network together would take as much
    // memory as its weights.
    private Tensor Pack() => _packed.Pack(_plan, _convolution.Weight.Value, scale: default);

    private static ConvolutionGeometry Operator(ConvolutionGeometry sample, int maximumExtent)
    {
        int limit = sample.Kernel == 1 ? 1 : maximumExtent;
        Shape input = sample.Input;
        for (int axis = 0; axis < input.SpatialRank; axis++)
        {
            input = input.With(axis + 1, Math.Min(input.Extent(axis), limit));
        }
        return sample with { Input = input, Type = ElementType.Float32 };
    }
}
