using RevUp.Backends;
using RevUp.Layers;
using RevUp.Tensors;

namespace RevUp.Reversible;

/// <summary>
/// A residual branch of one's own: z(x) in y = x + ŝ·z(x), with its gradient. RevUp trains the
/// multiplier s, bounds ŝ so that the block has an inverse, and decides what is kept.
/// </summary>
/// <remarks>
/// <para>
/// Derive from it, declare all parts in the constructor, set <c>model.branch</c> to "custom"
/// (<see cref="BranchKind.Custom"/>), and hand a factory to <see cref="Models.RevUpNet"/>,
/// <see cref="Runs.TrainingRun"/> and <see cref="Inference.Predictor"/>. samples/OwnBranch is a
/// whole program.
/// </para>
/// <para>
/// Shapes: x, z and gradients [N, (D), H, W, C], channels-last, float32. Parts compute with the
/// operations of <see cref="Backend"/>, or on the CPU with
/// <see cref="Backends.Cpu.CpuBackend.Elements{T}"/>.
/// </para>
/// <para>
/// Contract: Lip(z) ≤ <see cref="Lipschitz"/> · ∏σ over the declared convolutions, σ their norms.
/// RevUp estimates each σ by power iteration and holds |ŝ| · Lipschitz · ∏σ under the coefficient c
/// &lt; 1. So a chain of convolutions with functions between them that are 1-Lipschitz (ReLU, ELU,
/// sorting, rotations) keeps the default of 1. Forward must give the same bits for the same x and
/// weights.
/// </para>
/// <para>
/// A network proves its branches when it is built: shapes, ownership of tensors, finite numbers,
/// and a measured Lipschitz constant below 1.
/// </para>
/// </remarks>
public abstract class Branch : DeviceObject
{
    /// <summary>Most tensors that a branch saves.</summary>
    public const int MaximumSaved = SavedTensors.Capacity - 1;

    /// <param name="site">Place in the network, as the factory was given it.</param>
    protected Branch(BranchSite site)
        : base((site ?? throw new ArgumentNullException(nameof(site))).Backend) => Site = site;

    /// <summary>The place in the network.</summary>
    protected BranchSite Site { get; }

    /// <summary>
    /// Number of tensors that <see cref="Forward"/> saves, 0 to <see cref="MaximumSaved"/>.
    /// </summary>
    public abstract int Saved { get; }

    /// <summary>Lipschitz constant of everything but the declared convolutions, above 0.</summary>
    public virtual double Lipschitz => 1;

    /// <summary>z(x).</summary>
    /// <param name="x">Stays the caller's.</param>
    /// <param name="saved">
    /// <see cref="Saved"/> places for new tensors that <see cref="Backward"/> needs; empty where
    /// none are kept.
    /// </param>
    /// <returns>A new tensor in the shape of x; the caller frees it and what was saved.</returns>
    public abstract Tensor Forward(Tensor x, Span<Tensor> saved);

    /// <summary>Adds to the gradients of the parameters, and returns the gradient of x.</summary>
    /// <param name="x">The x of <see cref="Forward"/>; stays the caller's.</param>
    /// <param name="saved">
    /// Tensors that <see cref="Forward"/> saved for x; they stay the caller's.
    /// </param>
    /// <param name="gradient">Gradient of z; stays the caller's, and may be overwritten.</param>
    /// <returns>A new tensor in the shape of x.</returns>
    public abstract Tensor Backward(Tensor x, ReadOnlySpan<Tensor> saved, Tensor gradient);

    /// <summary>
    /// A new tensor of activations, float32; free it with <see cref="Arena.Free(Tensor)"/>.
    /// </summary>
    protected Tensor Allocate(Shape shape) => Memory.Allocate(shape, ElementType.Float32, MemoryPurpose.Activations);

    /// <summary>
    /// Declares a convolution of stride 1 that keeps the extents; its norm counts in the bound.
    /// </summary>
    /// <param name="name">Unique in the branch.</param>
    /// <param name="input">Shape of one sample of its input: [1, (D), H, W, I].</param>
    /// <param name="channels">Channels of its output.</param>
    /// <param name="kernel">Odd extent of the kernel along every axis.</param>
    /// <param name="groups">Number of groups; divides both numbers of channels.</param>
    /// <param name="deviation">Of the initial weights; negative for He's √(2 / fan-in).</param>
    /// <exception cref="ArgumentException">A size is not possible.</exception>
    protected Convolution AddConvolution(
        string name, Shape input, int channels, int kernel, int groups = 1, double deviation = -1)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (kernel < 1 || kernel % 2 == 0)
        {
            throw new ArgumentException($"The kernel of '{name}' is {kernel}; use an odd extent.", nameof(kernel));
        }
        if (channels < 1 || groups < 1 || channels % groups != 0 || input.Channels % groups != 0)
        {
            throw new ArgumentException(
                $"'{name}' has {input.Channels} and {channels} channels in {groups} groups; groups must divide both.",
                nameof(groups));
        }
        return Site.AddConvolution(name, input, channels, kernel, groups, deviation);
    }

    /// <summary>
    /// Declares a trained tensor, float32. A single number trains at the learning rate of scalars.
    /// </summary>
    /// <param name="name">Unique in the branch.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="mean">Of the initial numbers.</param>
    /// <param name="deviation">Of the initial numbers; 0 for all equal.</param>
    protected Parameter AddParameter(string name, Shape shape, double mean, double deviation = 0)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentOutOfRangeException.ThrowIfNegative(deviation);
        return Site.AddParameter(name, shape, mean, deviation);
    }
}
