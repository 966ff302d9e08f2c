using RevUp.Backends;
using RevUp.Interop.Nvtx;
using RevUp.Layers;
using RevUp.Tensors;

namespace RevUp.Reversible;

/// <summary>
/// Rebuilds the input of invertible blocks: x⁰ = y, xⁱ⁺¹ = y − F(xⁱ), until the a-posteriori bound
/// of the error is under the tolerance. The adaptive solver reads the statistics of each evaluation
/// and decides on the next one. The planned solver does as many evaluations as earlier steps
/// needed. It leaves their statistics on the device, so the host need not wait.
/// </summary>
/// <remarks>
/// The last evaluation, at xⁱ, leaves the intermediates to differentiate. Its result xⁱ⁺¹ is one
/// correction better, and becomes the output of the block before. So an inversion and its gradient
/// together take k evaluations, not k + 1. Memory at the peak: y, xⁱ, xⁱ⁺¹ and the branch's
/// intermediates. Slab by slab (<see cref="Layer.Slab"/>) the peak is y and x alone: x is
/// overwritten, the result is differentiated, and its intermediates are recomputed. Under <see
/// cref="EvaluationPrecision.Mixed"/> the first evaluation is in bfloat16 if earlier steps needed
/// more than one. It is then never the last one, whatever its statistics.
/// </remarks>
internal sealed class FixedPointInversion : DeviceObject
{
    private readonly InversionRecord[] _records;
    private InversionSettings _settings;
    private Tensor _table;

    /// <param name="backend">The device.</param>
    /// <param name="settings">When to stop; may be replaced between steps.</param>
    /// <param name="blocks">Blocks of the network.</param>
    /// <exception cref="ConfigurationException">
    /// Evaluations in bfloat16 are asked of a device that cannot compute them.
    /// </exception>
    public FixedPointInversion(Backend backend, InversionSettings settings, int blocks)
        : base(backend)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentOutOfRangeException.ThrowIfNegative(blocks);
        _settings = Supported(settings);
        _records = new InversionRecord[blocks];
        Plan = new EvaluationPlan(blocks);
        _table = AllocateTable();
    }

    /// <summary>When to stop.</summary>
    public InversionSettings Settings
    {
        get => _settings;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            _settings = Supported(value);
            Plan.Forget();
            Backend.Memory.Free(_table);
            _table = AllocateTable();
        }
    }

    /// <summary>
    /// The record of every block's last inversion; a block that was not inverted has 0 evaluations.
    /// </summary>
    public ReadOnlySpan<InversionRecord> Records => _records;

    /// <summary>Whether the next inversions follow the plan.</summary>
    internal bool IsPlanned { get; private set; }

    /// <summary>k of every block, from the steps before.</summary>
    internal EvaluationPlan Plan { get; }

    /// <summary>
    /// float64 [blocks, <see cref="EvaluationPlan.Most"/>, 2]: ‖xⁱ⁺¹ − xⁱ‖² and ‖xⁱ⁺¹‖² of every
    /// planned evaluation; what lies behind a block's k is undefined.
    /// </summary>
    internal Tensor Statistics => Plan.Most == 0 ? default : _table.Slice(0, new Shape(_records.Length, Plan.Most, 2));

    /// <summary>
    /// The numbers that <see cref="Statistics"/> may have, whatever the plan becomes.
    /// </summary>
    internal int Capacity => (int)_table.Count;

    /// <summary>
    /// Chooses the solver of the step that begins; the plan must be known to follow it. Records are
    /// forgotten.
    /// </summary>
    internal void Begin(bool planned)
    {
        IsPlanned = planned;
        Array.Clear(_records);
    }

    /// <summary>Records an inversion whose statistics were read after the step.</summary>
    internal void Record(int block, in InversionRecord record) => _records[block] = record;

    /// <summary>
    /// Solves x + F(x) = y. On success takes y over and returns x. <paramref name="point"/> is the
    /// last point of evaluation, with its intermediates in <paramref name="saved"/>; the caller
    /// owns both. An inversion fails if the residual stays above the hard limit. Under a bound of 1
    /// or more it also fails if the iteration does not converge. The adaptive solver then returns
    /// empty and leaves y alone. The planned solver cannot notice a failure: the whole step is
    /// refused at its end. A fused branch is differentiated from its saved tensors alone: the point
    /// is x. <paramref name="below"/>, which is inverted next, is given p₀ of x, where the planned
    /// solver knows that x is final.
    /// </summary>
    public Tensor Solve(
        InvertibleBlock block, Tensor y, ref SavedTensors saved, out Tensor point, Neighbour below = default)
    {
        Arena memory = Memory;
        double bound = IsPlanned ? block.Branch.LipschitzLimit : block.Branch.LipschitzBound();
        ConvergenceTest test = new(_settings, bound);
        Tensor x = y;
        for (int k = 1; ; k++)
        {
            using NvtxRange iteration = Backend.Range(ProfilerRanges.Iteration(k));
            bool approximate = k == 1 && BeginsApproximately(block);
            long slot = IsPlanned ? block.Index * Plan.Most + k - 1 : 0;
            Tensor statistics = _table.Slice(2 * slot, new Shape(2));
            bool isLast = IsPlanned && k >= Plan.Evaluations[block.Index];
            Tensor ahead = default;
            Tensor next = block.Slab > 0 ? StepSlabs(block, y, ref x, approximate, statistics)
                : block.Fused is { } branch ? StepFused(
                    branch, y, ref x, isLast, ref saved, statistics, isLast ? below.Reader : branch.First, out ahead)
                : Step(block, y, x, approximate, ref saved, statistics);
            if (IsPlanned ? !isLast : !IsOver(ref test, statistics) || approximate)
            {
                saved.Free(memory);
                saved.Preactivated = ahead;
                FreeUnless(x, y, next);
                x = next;
                continue;
            }
            if (!ahead.IsEmpty)
            {
                below.Saved.Preactivated = ahead;
            }
            if (!IsPlanned)
            {
                _records[block.Index] = test.Record;
            }
            // Below 1 the bound promises an input near, whatever was measured; above, only
            // convergence tells.
            if (IsPlanned || (test.Residual <= _settings.HardLimit && (test.Converged || bound < 1)))
            {
                if (x != y)
                {
                    memory.Free(y);
                }
                point = x;
                return next;
            }
            _records[block.Index] = test.Record with { Replayed = true };
            saved.Free(memory);
            FreeUnless(x, y, next);
            memory.Free(next);
            point = default;
            return default;
        }
    }

    /// <inheritdoc/>
    protected override void Close(Arena memory) => memory.TryFree(_table);

    // y − F(x) in a new tensor, with the intermediates of F.
    private Tensor Step(
        InvertibleBlock block, Tensor y, Tensor x, bool approximate, ref SavedTensors saved, Tensor statistics)
    {
        if (!approximate && block.Branch is ResidualBranch { AddsToStream: true } branch)
        {
            return branch.Step(y, x, next: default, statistics, save: true, reader: null, ref saved, out _);
        }
        Arena memory = Backend.Memory;
        Tensor z = approximate ? block.Branch.Approximate(x) : block.Branch.Evaluate(x, save: true, ref saved);
        Tensor next = z.Type == ElementType.Float32
            ? z
            : memory.Allocate(y.Shape, ElementType.Float32, MemoryPurpose.Activations);
        Backend.FixedPointStep(0, y, z, block.Branch.Multiplier, x, next, statistics);
        if (next != z)
        {
            memory.Free(z);
        }
        return next;
    }

    // The same of a fused branch, in the memory of x, or of a y that is not needed again: the
    // branch saves all that is differentiated. `ahead` is p₀ of the result for its reader, if there
    // is one and the evaluations are planned.
    private Tensor StepFused(
        ResidualBranch branch, Tensor y, ref Tensor x, bool isLast, ref SavedTensors saved, Tensor statistics,
        Preactivation? reader, out Tensor ahead)
    {
        Arena memory = Backend.Memory;
        bool save = !IsPlanned || isLast, inPlace = x != y || isLast;
        if (branch.AddsToStream)
        {
            return x = branch.Step(
                y, x, inPlace ? x : default, statistics, save, IsPlanned ? reader : null, ref saved, out ahead);
        }
        Tensor z = save ? branch.EvaluateAndKeep(x, ref saved) : branch.Evaluate(x, save: false, ref saved);
        Tensor next = inPlace ? x : memory.Allocate(y.Shape, ElementType.Float32, MemoryPurpose.Activations);
        ahead = IsPlanned && reader is not null ? z : default;
        if (ahead.IsEmpty)
        {
            Backend.FixedPointStep(0, y, z, branch.Multiplier, x, next, statistics);
            memory.Free(z);
        }
        else
        {
            reader!.ForwardOfStep(y, z, branch.Multiplier, x == y ? default : x, next, statistics, ahead);
        }
        return x = next;
    }

    // The same slab by slab in the memory of x, but for the first x, which is y. The result is the
    // point to differentiate at as well: its intermediates are recomputed slab by slab.
    private Tensor StepSlabs(
        InvertibleBlock block, Tensor y, ref Tensor x, bool approximate, Tensor statistics)
    {
        Tensor next = x == y ? Backend.Memory.Allocate(y.Shape, ElementType.Float32, MemoryPurpose.Activations) : x;
        SlabEvaluation slabs = approximate ? block.Branch.ApproximateSlabs! : block.Branch.Slabs!;
        block.StepSlabs(slabs, y, x, next, statistics);
        return x = next;
    }

    private InversionSettings Supported(InversionSettings settings)
    {
        ConfigurationException.Require(
            settings.Evaluations == EvaluationPrecision.Full || Backend.Supports(ElementType.BFloat16),
            $"reversible.evaluations is 'mixed', and the device '{Backend.Name}' lacks bfloat16; use 'full'");
        return settings;
    }

    // For the largest k that the settings allow, so that a plan that grows moves nothing.
    private Tensor AllocateTable()
    {
        int slots = Backend.IsAsynchronous ? checked(Math.Max(1, _records.Length) * _settings.MaximumEvaluations) : 1;
        return Backend.Memory.Allocate(new Shape(slots, 2), ElementType.Float64, MemoryPurpose.Workspace);
    }

    // Only where the steps before needed another evaluation as well: nothing is differentiated
    // through this one.
    private bool BeginsApproximately(InvertibleBlock block) =>
        _settings.Evaluations == EvaluationPrecision.Mixed && Plan.IsKnown
            && Plan.Evaluations[block.Index] > 1
            && (block.Slab == 0 || block.Branch.ApproximateSlabs is not null);

    private bool IsOver(ref ConvergenceTest test, Tensor statistics)
    {
        Span<double> sums = stackalloc double[2];
        Backend.Download(statistics, sums);
        test.Add(sums[0], sums[1]);
        return test.IsOver;
    }

    private void FreeUnless(Tensor x, Tensor y, Tensor next)
    {
        if (x != y && x != next)
        {
            Backend.Memory.Free(x);
        }
    }
}
