namespace RevUp.Tests.Support;

/// <summary>
/// RevUp's own basic branch, written as a program writes one: z = W₂ ∗ p₂, p₂ = φ(W₁ ∗ p₁ + a₂) +
/// b₂, p₁ = φ(x + a₁) + b₁, without φ in a network's first block.
/// </summary>
internal sealed class BasicBranch : Branch
{
    private readonly Convolution _first, _last;
    private readonly Parameter[] _before, _after;

    public BasicBranch(BranchSite site)
        : base(site)
    {
        (_before, _after) = (new Parameter[2], new Parameter[2]);
        Shape inner = site.Input.WithChannels(site.Width);
        Declare(0);
        _first = AddConvolution("conv1", site.Input, site.Width, kernel: 3);
        Declare(1);
        _last = AddConvolution("conv2", inner, site.Input.Channels, kernel: 3, deviation: 0);

        void Declare(int j)
        {
            _before[j] = AddParameter($"bias{j + 1}a", new Shape(1), mean: 0);
            _after[j] = AddParameter($"bias{j + 1}b", new Shape(1), mean: 0);
        }
    }

    /// <summary>W₁ ∗ p₁.</summary>
    public override int Saved => 1;

    private Activation Leading => Site.Index > 0 ? Site.Activation : Activation.Identity;

    public override Tensor Forward(Tensor x, Span<Tensor> saved)
    {
        Tensor p = Activated(0, x, Allocate(x.Shape));
        Tensor inner = _first.Forward(p);
        Memory.Free(p);
        p = Activated(1, inner, saved.IsEmpty ? inner : Allocate(inner.Shape));
        Tensor z = _last.Forward(p);
        Memory.Free(p);
        if (!saved.IsEmpty)
        {
            saved[0] = inner;
        }
        return z;
    }

    public override Tensor Backward(Tensor x, ReadOnlySpan<Tensor> saved, Tensor gradient)
    {
        Tensor inner = Differentiate(1, _last, saved[0], gradient);
        Tensor dx = Differentiate(0, _first, x, inner);
        Memory.Free(inner);
        return dx;
    }

    private Tensor Differentiate(int j, Convolution convolution, Tensor x, Tensor gradient)
    {
        Tensor p = Activated(j, x, Allocate(x.Shape));
        Tensor dp = convolution.Backward(p, gradient);
        Memory.Free(p);
        Backend.PreactivationBackward(
            Phi(j), x, _before[j].Value, dp, scale: default, residual: default, dp, _before[j].Gradient,
            _after[j].Gradient);
        return dp;
    }

    private Tensor Activated(int j, Tensor x, Tensor p)
    {
        Backend.PreactivationForward(Phi(j), x, _before[j].Value, _after[j].Value, p);
        return p;
    }

    private Activation Phi(int j) => j == 0 ? Leading : Site.Activation;
}
