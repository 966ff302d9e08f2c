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
    /// <summary>
    /// Numbers that ranks add: how many are asked to stop, the loss, how many samples were right.
    /// </summary>
    public const int SharedLength = 3;

    private const int ReportLength = StepOutcome.Length + 1;

    private readonly Backend _backend;
    private readonly ReversibleEngine _engine;
    private readonly FixedPointInversion _solver;
    private readonly AdaptiveCoefficients? _coefficients;
    private readonly Collective _ranks;
    private readonly Tensor _numbers;
    private readonly Tensor _outcome;
    private readonly Tensor _report;
    private readonly Tensor _shared;
    private readonly Tensor _squareSum;
    private readonly PlannedInversions _planned;
    private readonly Action _begin;
    private Readback _results;
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
        _coefficients = coefficients;
        // The results lie together, and so do the numbers that ranks add: stop and losses.
        _numbers = Allocate(StepOutcome.Length + SharedLength + 1);
        _outcome = _numbers.Slice(0, new Shape(StepOutcome.Length));
        _report = _numbers.Slice(0, new Shape(ReportLength));
        _shared = _numbers.Slice(StepOutcome.Length, new Shape(SharedLength));
        Losses = _shared.Slice(1, new Shape(2));
        _squareSum = _numbers.Scalar(_numbers.Count - 1);
        _planned = new PlannedInversions(backend, engine, blocks, coefficients, ranks);
        _begin = BeginSums;
        ClearShared();
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

    /// <summary>Whether this rank is asked to stop, for the next step to tell the others.</summary>
    public bool AsksToStop { get; set; }

    /// <summary>Whether any rank was asked to stop before the last step.</summary>
    public bool IsStopAsked { get; private set; }

    /// <summary>Changes whenever the plan's branch evaluations do.</summary>
    public long PlanVersion => _solver.Plan.Version;

    /// <summary>Whether results are on their way.</summary>
    public bool IsInFlight { get; private set; }

    // The outcome and who is asked to stop, the bounds of branches with coefficients of their own,
    // the statistics of planned inversions.
    private int ResultLength => StatisticsStart + _planned.Capacity;

    private int StatisticsStart => ReportLength + (_coefficients?.Values.Length ?? 0);

    /// <summary>
    /// Begins a step: chooses the solver, and brings the plan to the device where it is followed.
    /// </summary>
    /// <param name="mayPlan">
    /// Whether the step can be repeated, so that a refused inversion costs nothing but time.
    /// </param>
    public void Begin(bool mayPlan)
    {
        (_refused, IsPlanned) = (false, mayPlan && _backend.IsAsynchronous && _solver.Plan.IsKnown);
        _planned.Fit();
        if (_results.Count < ResultLength)
        {
            _results.Dispose();
            _results = _backend.CreateReadback(ResultLength);
        }
        if (IsPlanned)
        {
            _planned.Publish();
            TellStop();
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
        ClearShared();
    }

    /// <summary>
    /// Takes the sums of all ranks, and makes the inversions everyone's, by one message: the worst
    /// of all ranks, or the inversions of the last pass, which the last rank has done. Coefficients
    /// follow the worst in both cases.
    /// </summary>
    /// <param name="sums">[<see cref="SharedLength"/>].</param>
    /// <param name="worst">Whether the worst count: a plan must be enough for every rank.</param>
    public void Agree(ReadOnlySpan<double> sums, bool worst)
    {
        _backend.Upload(sums, _shared);
        Span<InversionRecord> observed = _coefficients is null ? [] : _coefficients.Worst;
        InversionRecord[] records = [.. observed, .. _engine.Records];
        double[] numbers = new double[InversionRecord.Length * records.Length];
        Array.Fill(numbers, double.NegativeInfinity);
        int told = worst || _ranks.Rank == _ranks.Size - 1 ? records.Length : observed.Length;
        for (int i = 0; i < told; i++)
        {
            records[i].Write(numbers.AsSpan(InversionRecord.Length * i));
        }
        _ranks.Maximum(numbers, "the inversions");
        for (int i = 0; i < records.Length; i++)
        {
            InversionRecord agreed = InversionRecord.Read(numbers.AsSpan(InversionRecord.Length * i));
            if (i < observed.Length)
            {
                observed[i] = agreed;
            }
            else
            {
                _solver.Record(i - observed.Length, agreed);
            }
        }
    }

    /// <summary>
    /// Begins to share what a planned step has left on the device, in one group, where other ranks
    /// have a part in it; may be recorded.
    /// </summary>
    public void Share()
    {
        if (!_ranks.IsAlone)
        {
            _ranks.BeginTogether(_begin);
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
        Tensor statistics = IsPlanned ? _planned.Statistics : default;
        Tensor evaluations = statistics.IsEmpty ? default : _planned.Evaluations;
        Tensor held = _planned.Held;
        _backend.StepVerdict(limits, Losses, _squareSum, statistics, evaluations, held, optimizer, _outcome);
        _results.Copy(_report, 0);
        if (!statistics.IsEmpty)
        {
            _results.Copy(statistics, StatisticsStart);
        }
        if (_coefficients is not null)
        {
            _results.Copy(_coefficients.Bounds, ReportLength);
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
    public ReadOnlySpan<double> Wait()
    {
        _ranks.Await(_results, "the sums of the step");
        return _results.Wait();
    }

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
            _planned.Judge(results[StatisticsStart..]);
        }
        else if (_refused)
        {
            _solver.Plan.Correct(_engine.Records);
        }
        else
        {
            _solver.Plan.Measure(_engine.Records);
        }
        _coefficients?.Follow(_engine.Records, results[ReportLength..]);
        IsStopAsked = results[StepOutcome.Length] > 0;
    }

    /// <summary>Ends a step, whether it came to its end or not.</summary>
    public void End() => IsInFlight = false;

    /// <summary>
    /// Drops the losses and observations of a step that failed: they would count in the next one.
    /// </summary>
    public void Forget()
    {
        End();
        ClearShared();
        _coefficients?.Forget();
    }

    /// <summary>Frees the tensors, after the work of a step in flight.</summary>
    public void Dispose()
    {
        _results.Dispose();
        _planned.Dispose();
        _backend.Memory.Free(_numbers);
    }

    // Processors of two kinds add up a norm in two ways, and clip by two factors then. Devices add
    // up in an order that the shape fixes.
    private void ShareSquareSum()
    {
        if (_ranks.IsAlone || _ranks.IsConcurrent)
        {
            return;
        }
        Span<double> sum = stackalloc double[1];
        _backend.Download(_squareSum, sum);
        _ranks.Broadcast(MemoryMarshal.AsBytes(sum), 0, "the gradient's norm");
        _backend.Upload<double>(sum, _squareSum);
    }

    private void BeginSums()
    {
        _ranks.Begin(_shared, "the losses");
        _planned.Share();
    }

    private void TellStop()
    {
        if (!_ranks.IsAlone)
        {
            _backend.Upload<double>([AsksToStop ? 1 : 0], _shared.Scalar(0));
        }
    }

    private void ClearShared() => _backend.Upload<double>([0, 0, 0], _shared);

    private Tensor Allocate(int count) =>
        _backend.Memory.Allocate(new Shape(count), ElementType.Float64, MemoryPurpose.Workspace);
}
