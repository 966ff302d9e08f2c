using RevUp.Backends;
using RevUp.Distributed;
using RevUp.Tensors;

namespace RevUp.Reversible;

/// <summary>
/// The way of one training step's numbers from the device to the host, and back into the next step:
/// <see cref="Begin"/> publishes the plan of branch evaluations, the passes leave the loss and the
/// statistics of the inversions, <see cref="Conclude"/> reaches the verdict on the device,
/// <see cref="Wait"/> brings it, and <see cref="Learn"/> follows it.
/// </summary>
/// <remarks>
/// On an asynchronous device the host waits once a step, in <see cref="Wait"/>. Until then nobody
/// has looked at the inversions: the verdict skips the update when one of them must be refused, and
/// the step is repeated with the adaptive solver (<see cref="Refuse"/>). Owns its tensors; no call
/// allocates, unless the settings of the inversion have grown.
/// </remarks>
internal sealed class StepProtocol : IDisposable
{
    private readonly Backend _backend;
    private readonly ReversibleEngine _engine;
    private readonly FixedPointInversion _solver;
    private readonly IReadOnlyList<InvertibleBlock> _blocks;
    private readonly AdaptiveCoefficients? _coefficients;
    private readonly Collective _ranks;
    private readonly Tensor _numbers;
    private readonly Tensor _squareSum;
    private readonly Tensor _outcome;
    private readonly Tensor _evaluations;
    private readonly double[] _published;
    private Readback _results;
    private long _publishedVersion = -1;
    private bool _refused;

    /// <param name="backend">The device.</param>
    /// <param name="engine">Of the network.</param>
    /// <param name="blocks">The network's blocks that are inverted by iteration.</param>
    /// <param name="coefficients">
    /// Coefficients that follow the inversions; null where there are none.
    /// </param>
    /// <param name="ranks">Ranks that share the passes of a step.</param>
    /// <exception cref="ArenaExhaustedException">
    /// No memory for the numbers of a step; the caller frees what was allocated.
    /// </exception>
    public StepProtocol(
        Backend backend,
        ReversibleEngine engine,
        IReadOnlyList<InvertibleBlock> blocks,
        AdaptiveCoefficients? coefficients,
        Collective ranks)
    {
        _ranks = ranks;
        (_backend, _engine, _solver) = (backend, engine, engine.Inverter);
        (_blocks, _coefficients) = (blocks, coefficients);
        _numbers = Allocate(3 + StepOutcome.Length);
        Losses = _numbers.Slice(0, new Shape(2));
        _squareSum = _numbers.Scalar(2);
        _outcome = _numbers.Slice(3, new Shape(StepOutcome.Length));
        _evaluations = Allocate(Math.Max(1, blocks.Count));
        _published = new double[blocks.Count];
        ClearLosses();
        _results = backend.CreateReadback(ResultLength);
    }

    /// <summary>
    /// float64 [2]: the loss of the step's samples and how many were right, added up by its passes.
    /// </summary>
    public Tensor Losses { get; }

    /// <summary>
    /// Whether the inversions of the step follow the plan, so that the host need not look at them.
    /// </summary>
    public bool IsPlanned { get; private set; }

    /// <summary>Changes whenever the plan's branch evaluations do.</summary>
    public long PlanVersion => _solver.Plan.Version;

    /// <summary>Whether results are on their way.</summary>
    public bool IsInFlight { get; private set; }

    // The outcome, the bounds of branches with coefficients of their own, the statistics of planned
    // inversions.
    private int ResultLength => StatisticsStart + (_backend.IsAsynchronous ? _solver.Capacity : 0);

    private int StatisticsStart => StepOutcome.Length + (_coefficients?.Values.Length ?? 0);

    /// <summary>
    /// Begins a step: chooses the solver, and brings the plan to the device where it is followed.
    /// </summary>
    /// <param name="mayPlan">
    /// Whether the step can be repeated, so that a refused inversion costs nothing but time.
    /// </param>
    public void Begin(bool mayPlan)
    {
        (_refused, IsPlanned) = (false, mayPlan && _backend.IsAsynchronous && _solver.Plan.IsKnown);
        if (_results.Count < ResultLength)
        {
            _results.Dispose();
            _results = _backend.CreateReadback(ResultLength);
        }
        if (IsPlanned)
        {
            Publish();
        }
    }

    /// <summary>Waits for the loss of the passes so far: a sum over their samples.</summary>
    public double ReadLoss()
    {
        Span<double> sums = stackalloc double[2];
        _backend.Download(Losses, sums);
        return sums[0];
    }

    /// <summary>
    /// Moves the loss sums of the passes so far into <paramref name="sums"/> [2], and starts again
    /// at 0.
    /// </summary>
    public void TakeLosses(Span<double> sums)
    {
        _backend.Download(Losses, sums);
        ClearLosses();
    }

    /// <summary>
    /// Takes the loss sums of all ranks, and makes the inversions everyone's: the last rank has
    /// done the last pass, whose records a step leaves.
    /// </summary>
    /// <param name="losses">[2].</param>
    public void Agree(ReadOnlySpan<double> losses)
    {
        _backend.Upload(losses, Losses);
        _coefficients?.Agree(_ranks);
        double[] numbers = new double[InversionRecord.Length * _engine.Records.Length];
        for (int block = 0; block < _engine.Records.Length; block++)
        {
            _engine.Records[block].Write(numbers.AsSpan(InversionRecord.Length * block));
        }
        _ranks.Broadcast(MemoryMarshal.AsBytes(numbers.AsSpan()), _ranks.Size - 1, "the inversions");
        for (int block = 0; block < _engine.Records.Length; block++)
        {
            _solver.Record(block, InversionRecord.Read(numbers.AsSpan(InversionRecord.Length * block)));
        }
    }

    /// <summary>Takes the inversions of one of several batches of a step.</summary>
    public void Observe() => _coefficients?.Observe(_engine.Records);

    /// <summary>
    /// Reaches the verdict on the device, for the optimiser there, and sends the results after it;
    /// may be recorded. <see cref="Send"/> must follow.
    /// </summary>
    /// <param name="gradients">Sums over all passes; flat.</param>
    /// <param name="passes">Number of passes; the verdict turns sums into means.</param>
    /// <param name="clipNorm">Largest norm of the mean gradient; 0 for no limit.</param>
    /// <param name="optimizer">
    /// <see cref="OptimizerNumbers"/>, where the verdict writes scale and skip.
    /// </param>
    public void Conclude(Tensor gradients, int passes, double clipNorm, Tensor optimizer)
    {
        _backend.Dot(gradients, gradients, _squareSum);
        ShareSquareSum();
        StepLimits limits = _engine.Inversion.Limits(1.0 / passes, clipNorm);
        Tensor statistics = IsPlanned ? _solver.Statistics : default;
        Tensor evaluations = statistics.IsEmpty ? default : _evaluations;
        Tensor held = _coefficients?.State ?? default;
        _backend.StepVerdict(limits, Losses, _squareSum, statistics, evaluations, held, optimizer, _outcome);
        _results.Copy(_outcome, 0);
        if (!statistics.IsEmpty)
        {
            _results.Copy(statistics, StatisticsStart);
        }
        if (_coefficients is not null)
        {
            _results.Copy(_coefficients.Bounds, StepOutcome.Length);
        }
    }

    /// <summary>Marks the end of the step's work, which <see cref="Wait"/> waits for.</summary>
    public void Send()
    {
        _results.Mark();
        IsInFlight = true;
    }

    /// <summary>
    /// Waits for the results, the only wait of a planned step: a <see cref="StepOutcome"/> first.
    /// They are valid until the next <see cref="Conclude"/>.
    /// </summary>
    public ReadOnlySpan<double> Wait() => _results.Wait();

    /// <summary>
    /// Whether an inversion must be refused that nobody has looked at. The update was skipped then;
    /// after this call the passes are to be repeated, with the adaptive solver, and concluded
    /// again.
    /// </summary>
    public bool Refuse(in StepOutcome outcome)
    {
        if (!IsPlanned || outcome.RefusedBlock < 0 || !double.IsFinite(outcome.LossSum))
        {
            return false;
        }
        (IsPlanned, _refused) = (false, true);
        _engine.CountReplay();
        return true;
    }

    /// <summary>
    /// Learns from a step that was waited for: records, plan and coefficients of the next one.
    /// </summary>
    /// <param name="results">The numbers that <see cref="Wait"/> returned.</param>
    public void Learn(ReadOnlySpan<double> results)
    {
        if (IsPlanned)
        {
            Judge(results[StatisticsStart..]);
        }
        else if (_refused)
        {
            _solver.Plan.Correct(_engine.Records);
        }
        else
        {
            _solver.Plan.Measure(_engine.Records);
        }
        _coefficients?.Follow(_engine.Records, results[StepOutcome.Length..]);
    }

    /// <summary>Ends a step, whether it came to its end or not.</summary>
    public void End() => IsInFlight = false;

    /// <summary>
    /// Drops the losses and observations of a step that failed: they would count in the next one.
    /// </summary>
    public void Forget()
    {
        End();
        ClearLosses();
        _coefficients?.Forget();
    }

    /// <summary>Frees the tensors, after the work of a step in flight.</summary>
    public void Dispose()
    {
        _results.Dispose();
        _backend.Memory.Free(_evaluations);
        _backend.Memory.Free(_numbers);
    }

    private void Publish()
    {
        if (_publishedVersion == _solver.Plan.Version || _published.Length == 0)
        {
            return;
        }
        _publishedVersion = _solver.Plan.Version;
        for (int block = 0; block < _published.Length; block++)
        {
            _published[block] = _solver.Plan.Evaluations[block];
        }
        _backend.Upload<double>(_published, _evaluations);
    }

    // Statistics: [blocks, Most, 2], as FixedPointInversion.Statistics has them.
    private void Judge(ReadOnlySpan<double> statistics)
    {
        EvaluationPlan plan = _solver.Plan;
        int stride = 2 * plan.Most;
        for (int block = 0; block < _blocks.Count; block++)
        {
            ConvergenceTest test = new(_engine.Inversion, _blocks[block].Branch.LipschitzLimit);
            ReadOnlySpan<double> sums = statistics.Slice(block * stride, 2 * plan.Evaluations[block]);
            for (int i = 0; i < sums.Length; i += 2)
            {
                test.Add(sums[i], sums[i + 1]);
            }
            if (test.Evaluations > 0)
            {
                _solver.Record(block, test.Record);
                plan.Need(block, test.Needed());
            }
        }
        plan.EndStep();
    }

    // Processors of two kinds add up a norm in two ways, and clip by two factors then.
    private void ShareSquareSum()
    {
        if (_ranks.IsAlone)
        {
            return;
        }
        Span<double> sum = stackalloc double[1];
        _backend.Download(_squareSum, sum);
        _ranks.Broadcast(MemoryMarshal.AsBytes(sum), 0, "the gradient's norm");
        _backend.Upload<double>(sum, _squareSum);
    }

    private void ClearLosses() => _backend.Upload<double>([0, 0], Losses);

    private Tensor Allocate(int count) =>
        _backend.Memory.Allocate(new Shape(count), ElementType.Float64, MemoryPurpose.Workspace);
}
