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
/// <see cref="Backend.AddGradients"/> see the same u, v and σ.
/// </remarks>
internal sealed class SpectralNorm
{
    private readonly Convolution _convolution;
    private readonly ConvolutionGeometry _geometry;
    private readonly int _maximumExtent;
    private readonly bool _isFixed;
    private readonly StateTensor _u;
    private readonly StateTensor _v;

    /// <param name="name">Prefix of the state's names.</param>
    /// <param name="store">Where u and v are declared: they belong into checkpoints.</param>
    /// <param name="convolution">
    /// The convolution; its operator is taken at its own extents, up to
    /// <paramref name="maximumExtent"/>.
    /// </param>
    /// <param name="maximumExtent">Positions per axis at most.</param>
    /// <param name="isFixed">
    /// Whether the operator has <paramref name="maximumExtent"/> positions per axis whatever its
    /// own extents, so that u and v fit a network of any.
    /// </param>
    public SpectralNorm(
        string name, ParameterStore store, Convolution convolution, int maximumExtent, bool isFixed = false)
    {
        (Name, _convolution, _maximumExtent, _isFixed) = (name, convolution, maximumExtent, isFixed);
        _geometry = GeometryOf(convolution.Sample, maximumExtent, isFixed);
        _u = store.AddState(name + ".u", _geometry.Output, random: true);
        _v = store.AddState(name + ".v", _geometry.Input, random: true);
    }

    /// <summary>Prefix of the state's names.</summary>
    public string Name { get; }

    /// <summary>Name of u; v is there where u is.</summary>
    public string VectorName => _u.Name;

    /// <summary>
    /// Whether there are u and v: not in a layer that is not trained, whose σ stays.
    /// </summary>
    public bool IsIterated => !U.IsEmpty;

    /// <summary>u, in the shape of one output.</summary>
    public Tensor U => _u.Value;

    /// <summary>v, in the shape of one input.</summary>
    public Tensor V => _v.Value;

    /// <summary>The convolution as an operator, with the weights as they are.</summary>
    /// <param name="sigmaGradient">
    /// dσ: what <see cref="Backend.AddGradients"/> adds is dσ · ∂σ/∂W.
    /// </param>
    public ConvolutionOperator Operator(Tensor sigmaGradient = default) =>
        new(_geometry, _convolution.Weight.Value, _convolution.Weight.Gradient, U, V, sigmaGradient);

    /// <summary>
    /// The norm of a convolution at its own extents, for inspection. Power iteration starts from a
    /// random vector and ends when ten more iterations change σ by less than 10⁻⁶. No state is
    /// touched, and no memory stays allocated, whatever happens.
    /// </summary>
    public static double Converged(Backend backend, Convolution convolution) =>
        Converged(backend, convolution, int.MaxValue, isFixed: false, u: default, v: default);

    /// <summary>
    /// σ of the weights as they are, estimated in the same way on the norm's own extents; u and v
    /// become the vectors of it where they are kept.
    /// </summary>
    public double Converge(Backend backend) =>
        Converged(backend, _convolution, _maximumExtent, _isFixed, U, V);

    private static double Converged(
        Backend backend, Convolution convolution, int maximumExtent, bool isFixed, Tensor u, Tensor v)
    {
        const int MaximumIterations = 2000;
        const int IterationsBetween = 10;
        const double Change = 1e-6;
        long mark = backend.Memory.Mark();
        try
        {
            ParameterStore store = new(backend);
            SpectralNorm norm = new("converged", store, convolution, maximumExtent, isFixed);
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
            if (!u.IsEmpty)
            {
                backend.Cast(norm.U, u);
                backend.Cast(norm.V, v);
            }
            return value[0];
        }
        finally
        {
            backend.Memory.FreeSince(mark);
        }
    }

    private static ConvolutionGeometry GeometryOf(ConvolutionGeometry sample, int maximumExtent, bool isFixed)
    {
        int limit = sample.Kernel == 1 ? 1 : maximumExtent;
        Shape input = sample.Input;
        for (int axis = 0; axis < input.SpatialRank; axis++)
        {
            input = input.With(axis + 1, isFixed ? limit : Math.Min(input.Extent(axis), limit));
        }
        return sample with { Input = input, Type = ElementType.Float32 };
    }
}
