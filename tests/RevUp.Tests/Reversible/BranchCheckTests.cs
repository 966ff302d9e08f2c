namespace RevUp.Tests.Reversible;

/// <summary>
/// The check that the library gives to programs with branches of their own: it finds each fault.
/// </summary>
[TestClass]
public sealed class BranchCheckTests
{
    private static readonly Shape s_input = new(1, 5, 4, 3);

    [TestMethod]
    public void SoundBranchesPass()
    {
        using CpuBackend backend = new(threads: 1);
        BranchCheck.Run(backend, s_input, width: 6, site => new SineBranch(site));
        BranchCheck.Run(backend, new Shape(1, 3, 4, 3, 2), width: 3, site => new SineBranch(site));
        foreach (Activation activation in (Activation[])[Activation.Relu, Activation.Elu])
        {
            BranchCheck.Run(backend, s_input, width: 5, site => new BasicBranch(site), activation);
        }
        BranchCheck.Run(backend, s_input, width: 1, site => new Faulty(site, Fault.None));
        Assert.AreEqual(0, backend.Memory.LiveCount, "the check left tensors behind");
    }

    [TestMethod]
    [DataRow(Fault.Counter, "for the same x; an inversion needs the same bits")]
    [DataRow(Fault.Saving, "and with saved tensors ")]
    [DataRow(Fault.Input, "of x[")]
    [DataRow(Fault.Weight, "of branch.gain[")]
    [DataRow(Fault.NoWeight, "the gradient 0 of branch.gain[")]
    [DataRow(Fault.Bound, "Lipschitz times the norms of its convolutions is 1;")]
    [DataRow(Fault.NaN, "gives NaN at element ")]
    public void EveryFaultIsFound(Fault fault, string message)
    {
        using CpuBackend backend = new(threads: 1);
        Assert.Contains(
            message,
            Assert.ThrowsExactly<InvalidOperationException>(
                () => BranchCheck.Run(backend, s_input, width: 1, site => new Faulty(site, fault))).Message);
        Assert.AreEqual(0, backend.Memory.LiveCount, "the check left tensors behind");
    }

    /// <summary>A rule that a branch breaks.</summary>
    public enum Fault
    {
        None,
        Counter,
        Saving,
        Input,
        Weight,
        NoWeight,
        Bound,
        NaN,
    }

    /// <summary>z = sin(w · x) for each channel's w, near 1; Lip(z) is at most 2.</summary>
    private sealed class Faulty : Branch
    {
        private readonly Fault _fault;
        private readonly Parameter _gain;
        private int _calls;

        public Faulty(BranchSite site, Fault fault)
            : base(site) =>
            (_fault, _gain) = (fault, AddParameter("gain", new Shape(site.Input.Channels), mean: 1.2));

        public override int Saved => 0;

        public override double Lipschitz => _fault == Fault.Bound ? 1 : 2;

        public override Tensor Forward(Tensor x, Span<Tensor> saved)
        {
            Tensor z = Allocate(x.Shape);
            Span<float> to = CpuBackend.Elements<float>(z), from = CpuBackend.Elements<float>(x);
            Span<float> gain = CpuBackend.Elements<float>(_gain.Value);
            float shift = _fault == Fault.Counter ? 1e-6f * _calls++ : 0;
            for (int i = 0; i < to.Length; i++)
            {
                to[i] = MathF.Sin(gain[i % gain.Length] * from[i]) + shift;
            }
            to[1] = _fault switch
            {
                Fault.NaN => float.NaN,
                Fault.Saving when _calls++ == 3 => MathF.BitIncrement(to[1]),
                _ => to[1],
            };
            return z;
        }

        public override Tensor Backward(Tensor x, ReadOnlySpan<Tensor> saved, Tensor gradient)
        {
            Tensor dx = Allocate(x.Shape);
            Span<float> to = CpuBackend.Elements<float>(dx), from = CpuBackend.Elements<float>(x);
            Span<float> gain = CpuBackend.Elements<float>(_gain.Value), dz = CpuBackend.Elements<float>(gradient);
            Span<float> dGain = CpuBackend.Elements<float>(_gain.Gradient);
            for (int i = 0; i < to.Length; i++)
            {
                float slope = dz[i] * MathF.Cos(gain[i % gain.Length] * from[i]);
                to[i] = slope * (_fault == Fault.Input ? 1 : gain[i % gain.Length]);
                dGain[i % gain.Length] += slope * from[i] * _fault switch
                {
                    Fault.Weight => 1.05f,
                    Fault.NoWeight => 0,
                    _ => 1,
                };
            }
            return dx;
        }
    }
}
