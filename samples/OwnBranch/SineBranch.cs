using RevUp.Backends.Cpu;
using RevUp.Layers;
using RevUp.Reversible;
using RevUp.Tensors;

/// <summary>
/// z(x) = B ∗ sin(A ∗ x + t) with a 3×3 convolution A from C to m channels, a trained shift t for
/// each of the m, and a 1×1 convolution B back. sin is 1-Lipschitz, so that Lip(z) ≤ σ(A) · σ(B):
/// <see cref="Branch.Lipschitz"/> stays 1.
/// </summary>
/// <remarks>The sine is computed on the CPU, in the memory of the tensors.</remarks>
internal sealed class SineBranch : Branch
{
    private readonly Convolution _widen;
    private readonly Convolution _narrow;
    private readonly Parameter _shift;

    public SineBranch(BranchSite site)
        : base(site)
    {
        _widen = AddConvolution("widen", site.Input, site.Width, kernel: 3);
        _narrow = AddConvolution("narrow", site.Input.WithChannels(site.Width), site.Input.Channels, kernel: 1);
        _shift = AddParameter("shift", new Shape(site.Width), mean: 0);
    }

    /// <summary>The argument of the sine.</summary>
    public override int Saved => 1;

    public override Tensor Forward(Tensor x, Span<Tensor> saved)
    {
        Tensor angles = _widen.Forward(x); // [N, (D), H, W, m]
        Span<float> values = CpuBackend.Elements<float>(angles), shift = CpuBackend.Elements<float>(_shift.Value);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] += shift[i % shift.Length];
        }
        Tensor sine = Sine(angles);
        Tensor z = _narrow.Forward(sine);
        Memory.Free(sine);
        if (saved.IsEmpty)
        {
            Memory.Free(angles);
        }
        else
        {
            saved[0] = angles;
        }
        return z;
    }

    public override Tensor Backward(Tensor x, ReadOnlySpan<Tensor> saved, Tensor gradient)
    {
        Tensor sine = Sine(saved[0]);
        Tensor dAngles = _narrow.Backward(sine, gradient);
        Memory.Free(sine);
        Span<float> angles = CpuBackend.Elements<float>(saved[0]), d = CpuBackend.Elements<float>(dAngles);
        Span<float> dShift = CpuBackend.Elements<float>(_shift.Gradient);
        for (int i = 0; i < d.Length; i++)
        {
            d[i] *= MathF.Cos(angles[i]);
            dShift[i % dShift.Length] += d[i];
        }
        Tensor dx = _widen.Backward(x, dAngles);
        Memory.Free(dAngles);
        return dx;
    }

    private Tensor Sine(Tensor angles)
    {
        Tensor sine = Allocate(angles.Shape);
        Span<float> from = CpuBackend.Elements<float>(angles), to = CpuBackend.Elements<float>(sine);
        for (int i = 0; i < to.Length; i++)
        {
            to[i] = MathF.Sin(from[i]);
        }
        return sine;
    }
}
