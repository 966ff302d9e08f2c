using RevUp.Backends;
using RevUp.Layers;
using RevUp.Tensors;

namespace RevUp.Lipschitz;

/// <summary>
/// The norm σ of one convolution as an operator, estimated by power iteration: v ← unit(Wᵀu), u ← unit(Wv), σ = ‖Wv‖, with the padding, groups and extents of
/// the layer itself, batch 1, u and v kept from step to step. A kernel flattened to a matrix would give no bound (i-ResNet, arXiv 1811.00995, appendix).
/// </summary>
/// <remarks>
/// σ approaches the norm from below. 1×1 convolutions are iterated on their matrix. A zero convolution (Fixup's last one at the start) gives σ = 0 and fresh
/// random vectors, so that the estimate starts as soon as the weights do. Fixed by <see cref="Iterate"/> until the next call: inversion, recomputation and
/// <see cref="AddGradient"/> see the same u, v and σ.
/// </remarks>
public sealed class SpectralNorm
{
    private readonly Backend _backend;
    private readonly Convolution _convolution;
    private readonly ConvolutionPlan _plan;
    private readonly StateTensor _u;
    private readonly StateTensor _v;

    /// <param name="name">Prefix of the state's names.</param>
    /// <param name="backend">The device.</param>
    /// <param name="store">Where u and v are declared: they belong into checkpoints.</param>
    /// <param name="convolution">The convolution; its operator is taken at its own extents, up to <paramref name="maximumExtent"/>.</param>
    /// <param name="maximumExtent">Positions per axis at most.</param>
    public SpectralNorm(string name, Backend backend, ParameterStore store, Convolution convolution, int maximumExtent)
    {
        _backend = backend;
        _convolution = convolution;
        _plan = backend.Convolution(Operator(convolution.Sample, maximumExtent));
        _u = store.AddState(name + ".u", _plan.Geometry.Output, random: true);
        _v = store.AddState(name + ".v", _plan.Geometry.Input, random: true);
    }

    /// <summary>Runs power iterations on the current weights and writes σ.</summary>
    /// <param name="iterations">At least 1.</param>
    /// <param name="seed">For vectors drawn anew.</param>
    /// <param name="sigma">A scalar.</param>
    public void Iterate(int iterations, ulong seed, Tensor sigma)
    {
        Arena memory = _backend.Memory;
        Tensor packed = memory.AllocateBytes(_plan.PackedBytes, MemoryPurpose.Workspace);
        _plan.Pack(_convolution.Weight.Value, default, packed);
        for (int i = 0; i < iterations; i++)
        {
            _plan.BackwardData(_u.Value, packed, _v.Value);
            _backend.Normalize(_v.Value, seed, _v.Value, sigma);
            _plan.Forward(_v.Value, packed, _u.Value);
            _backend.Normalize(_u.Value, seed + 1, _u.Value, sigma);
        }
        memory.Free(packed);
    }

    /// <summary>Adds dσ · ∂σ/∂W to the weight's gradient, where ∂⟨u, W v⟩/∂W with u and v held constant is the convolution's wgrad of (v, u).</summary>
    public void AddGradient(Tensor sigmaGradient)
    {
        Parameter weight = _convolution.Weight;
        Tensor gradient = _backend.Memory.Allocate(weight.Shape, ElementType.Float32, MemoryPurpose.Workspace);
        _plan.BackwardWeights(_v.Value, _u.Value, gradient);
        _backend.Axpy(sigmaGradient, gradient, weight.Gradient);
        _backend.Memory.Free(gradient);
    }

    /// <summary>
    /// The norm of a convolution at its own extents by power iteration from a random vector until ten more iterations change σ by less than 10⁻⁶, for
    /// inspection: no state is touched.
    /// </summary>
    public static double Converged(Backend backend, Convolution convolution)
    {
        const int MaximumIterations = 2000;
        const int IterationsBetween = 10;
        const double Change = 1e-6;
        ParameterStore store = new(backend);
        SpectralNorm norm = new("converged", backend, store, convolution, int.MaxValue);
        store.Build(seed: 1);
        Tensor sigma = backend.Memory.Allocate(new Shape(1), ElementType.Float32, MemoryPurpose.Workspace);
        Span<float> value = stackalloc float[1];
        double previous = 0;
        for (int i = 0; i < MaximumIterations; i += IterationsBetween)
        {
            norm.Iterate(IterationsBetween, seed: 1, sigma);
            backend.Download(sigma, value);
            if (Math.Abs(value[0] - previous) <= Change * value[0])
            {
                break;
            }
            previous = value[0];
        }
        backend.Memory.Free(sigma);
        store.Dispose();
        return value[0];
    }

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
