using RevUp.Backends;
using RevUp.Diagnostics;
using RevUp.Interop.Nvtx;
using RevUp.Layers;
using RevUp.Tensors;

namespace RevUp.Reversible;

/// <summary>
/// Rebuilds the input of invertible blocks: x⁰ = y, xⁱ⁺¹ = y − F(xⁱ), until L̂/(1−L̂)·‖xⁱ⁺¹ − xⁱ‖ ≤ tolerance·‖xⁱ⁺¹‖, the a-posteriori bound of Banach's
/// theorem with L̂ the measured contraction (before there are two corrections: the branch's Lipschitz bound).
/// </summary>
/// <remarks>
/// The intermediates of the last evaluation, at xⁱ, are the ones to differentiate, and xⁱ⁺¹, one correction better, is handed on as the output of the block
/// before: k evaluations cost k, not k + 1. Memory at the peak: y, xⁱ, xⁱ⁺¹ and the branch's intermediates.
/// </remarks>
public sealed class FixedPointInversion : IDisposable
{
    private const int DivergingSteps = 3;

    private readonly Backend _backend;
    private readonly Tensor _statistics;
    private readonly InversionRecord[] _records;

    /// <param name="backend">The device.</param>
    /// <param name="settings">When to stop; may be replaced between steps.</param>
    /// <param name="blocks">Blocks of the network.</param>
    public FixedPointInversion(Backend backend, InversionSettings settings, int blocks)
    {
        _backend = backend;
        Settings = settings;
        _records = new InversionRecord[blocks];
        _statistics = backend.Memory.Allocate(new Shape(2), ElementType.Float64, MemoryPurpose.Workspace);
    }

    /// <summary>When to stop.</summary>
    public InversionSettings Settings { get; set; }

    /// <summary>The record of every block's last inversion; a block that was not inverted has 0 evaluations.</summary>
    public ReadOnlySpan<InversionRecord> Records => _records;

    /// <summary>Forgets the records before a new step.</summary>
    public void Clear() => Array.Clear(_records);

    /// <summary>Marks that a block's result was refused and replaced.</summary>
    public void MarkReplayed(int block) => _records[block] = _records[block] with { Replayed = true };

    /// <summary>
    /// Solves x + F(x) = y. On success takes y over and returns x; <paramref name="point"/> is the last point of evaluation, its intermediates in
    /// <paramref name="saved"/>; the caller owns both. When the residual stays above the hard limit, returns empty and leaves y alone.
    /// </summary>
    public Tensor Solve(InvertibleBlock block, Tensor y, ref SavedTensors saved, out Tensor point)
    {
        Arena memory = _backend.Memory;
        ResidualBranch branch = block.Branch;
        double contraction = branch.LipschitzBound();
        double previous = double.NaN;
        int growing = 0;
        Tensor x = y;
        for (int k = 1; ; k++)
        {
            using NvtxRange iteration = _backend.Range(ProfilerRanges.Iteration(k));
            Tensor z = branch.Evaluate(x, save: true, ref saved);
            Tensor next = z.Type == ElementType.Float32 ? z : memory.Allocate(y.Shape, ElementType.Float32, MemoryPurpose.Activations);
            (double correction, double norm) = Step(y, z, branch.Multiplier, x, next);
            if (next != z)
            {
                memory.Free(z);
            }
            double measured = correction / previous;
            contraction = double.IsNaN(measured) ? contraction : measured;
            double residual = norm > 0 ? correction / norm : correction;
            bool converged = ErrorBound(contraction, residual) <= Settings.Tolerance && residual <= Settings.HardLimit;
            growing = measured >= 1 && !converged ? growing + 1 : 0;
            bool stop = converged || k == Settings.MaximumEvaluations || growing == DivergingSteps || !double.IsFinite(residual);
            if (!stop)
            {
                saved.Free(memory);
                FreeUnless(x, y);
                (x, previous) = (next, correction);
                continue;
            }
            _records[block.Index] = new InversionRecord(k, residual, measured, converged, Replayed: false);
            if (residual <= Settings.HardLimit)
            {
                if (x != y)
                {
                    memory.Free(y);
                }
                point = x;
                return next;
            }
            saved.Free(memory);
            FreeUnless(x, y);
            memory.Free(next);
            point = default;
            return default;
        }
    }

    /// <summary>Frees the statistics.</summary>
    public void Dispose() => _backend.Memory.Free(_statistics);

    // At the rounding floor corrections no longer shrink: a measured contraction of 1 or more with a tiny residual is convergence, not divergence.
    private static double ErrorBound(double contraction, double residual) => residual switch
    {
        0 => 0,
        < InversionSettings.Exact / 4 => residual,
        _ => contraction < 1 ? contraction / (1 - contraction) * residual : double.PositiveInfinity,
    };

    private (double Correction, double Norm) Step(Tensor y, Tensor z, Tensor multiplier, Tensor x, Tensor next)
    {
        _backend.FixedPointStep(y, z, multiplier, x, next, _statistics);
        Span<double> sums = stackalloc double[2];
        _backend.Download(_statistics, sums);
        return (Math.Sqrt(sums[0]), Math.Sqrt(sums[1]));
    }

    private void FreeUnless(Tensor x, Tensor y)
    {
        if (x != y)
        {
            _backend.Memory.Free(x);
        }
    }
}
