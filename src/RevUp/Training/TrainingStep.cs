using RevUp.Backends;
using RevUp.Interop.Nvtx;
using RevUp.Models;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Training;

/// <summary>
/// One optimiser update: prepare the weights, forward and backward over one or more batches, update. The C# side of the algorithm's inner loop, for use with
/// any source of data.
/// </summary>
/// <example>
/// <code>
/// using TrainingStep step = new(net, new TrainingSettings(), new MemoryPlan(), new InversionSettings());
/// StepResult result = step.Run(pixels, targets, learningRateFactor: 1);
/// </code>
/// </example>
/// <remarks>
/// One thread drives a backend at a time. Memory of a step comes from the arena and is back there when the step is over,
/// but for the two buffers of a staged batch on an asynchronous device. There the host waits once, in <see cref="Finish"/>: inversions follow a plan, the
/// verdict is reached on the device, and an update with a result that must be refused leaves parameters as they are; the batch is then done again at once with
/// the adaptive solver, as is the first of all. Several batches for one update (<see cref="Accumulate"/>) always use that solver: a sum of gradients with a
/// refused one in it could not be taken apart.
/// </remarks>
public sealed class TrainingStep : DeviceObject
{
    private readonly Backend _backend;
    private readonly RevUpNet _net;
    private readonly TrainingSettings _settings;
    private readonly StepInput _input;
    private readonly StepRecorder? _recorder;
    private readonly Action _work;
    private readonly Tensor _numbers;
    private readonly Tensor _losses;
    private readonly Tensor _squareSum;
    private readonly Tensor _outcome;
    private Readback _results;
    private bool _planned;
    private int _accumulated;
    private int _batch;
    private double _learningRate;

    /// <summary>A step on <paramref name="net"/>. It works while the network lives.</summary>
    /// <exception cref="ConfigurationException">
    /// A setting is out of range, inversion is asked of blocks that are not contractive, or graphs or bfloat16 of a device without.
    /// </exception>
    /// <exception cref="ArenaExhaustedException">No memory for the optimiser's state; nothing stays allocated.</exception>
    public TrainingStep(RevUpNet net, TrainingSettings settings, MemoryPlan plan, InversionSettings inversion)
        : base((net ?? throw new ArgumentNullException(nameof(net))).Backend)
    {
        using Driving driving = net.Drive();
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(inversion);
        settings.Validate();
        inversion.Validate(net.Settings.Precision);
        plan.Validate(net.Settings);
        (_net, _backend) = (net, net.Backend);
        _settings = settings;
        _work = PrepareAndCompute;
        ConfigurationException.Require(
            !settings.CudaGraph || _backend.CanRecord,
            $"training.cudaGraph is true, and the device '{_backend.Name}' has no graphs; use --device cuda, or leave --cuda-graph out");
        long mark = _backend.Memory.Mark();
        try
        {
            Engine = Own(new ReversibleEngine(_backend, net.Layers, plan, inversion));
            Optimizer = Own(new Optimizer(_backend, net.Parameters, settings.Optimizer));
            _numbers = Own(new Shape(3 + StepOutcome.Length), ElementType.Float64, MemoryPurpose.Workspace);
            (_losses, _squareSum, _outcome) = (_numbers.Slice(0, new Shape(2)), _numbers.Scalar(2), _numbers.Slice(3, new Shape(StepOutcome.Length)));
            ClearLosses();
            _input = Own(new StepInput(net));
            _recorder = settings.CudaGraph ? Own(new StepRecorder(_backend)) : null;
            _results = _backend.CreateReadback(ResultLength);
        }
        catch
        {
            Dispose();
            _backend.Memory.FreeSince(mark);
            throw;
        }
        _backend.Adopt(this);
    }

    /// <summary>The engine: policies, inversion records.</summary>
    public ReversibleEngine Engine { get; }

    /// <summary>The optimiser.</summary>
    public Optimizer Optimizer { get; }

    /// <summary>Updates done.</summary>
    public long Count { get; set; }

    /// <summary>Whether a step was started and not finished.</summary>
    public bool IsInFlight { get; private set; }

    /// <summary>Steps recorded for replay since this was made; 0 without <see cref="TrainingSettings.CudaGraph"/>.</summary>
    public long Recordings => _recorder?.Recordings ?? 0;

    // The outcome, the bounds of branches with coefficients of their own, and what inversions that nobody looked at have left.
    private int ResultLength => StatisticsStart + (_backend.IsAsynchronous ? Engine.Inverter.Capacity : 0);

    private int StatisticsStart => StepOutcome.Length + (_net.Coefficients?.Values.Length ?? 0);

    /// <summary>A whole step on one batch.</summary>
    /// <param name="pixels">[N, …] normalised pixels, channels-last.</param>
    /// <param name="targets">[N, classes], each row summing to 1.</param>
    /// <param name="learningRateFactor">The schedule's factor of the learning rate.</param>
    /// <exception cref="ArgumentException">Pixels and targets do not have the same, whole number of samples.</exception>
    /// <exception cref="TrainingDivergedException">The loss or the gradient is not finite; parameters are as before.</exception>
    public StepResult Run(ReadOnlySpan<float> pixels, ReadOnlySpan<float> targets, double learningRateFactor)
    {
        using Driving driving = Enter();
        using NvtxRange range = _backend.Range(ProfilerRanges.Step);
        ulong layout = Begin();
        _input.Load(pixels, targets);
        Issue(layout, learningRateFactor);
        return Finish();
    }

    /// <summary>
    /// Copies the batch of the next <see cref="Start"/>, beside the step in flight on an asynchronous device. The arrays may change as soon as this returns.
    /// </summary>
    /// <exception cref="ArgumentException">Pixels and targets do not have the same, whole number of samples.</exception>
    public void Stage(ReadOnlySpan<float> pixels, ReadOnlySpan<float> targets)
    {
        using Driving driving = Enter();
        _input.Stage(pixels, targets);
    }

    /// <summary>Issues a step on the staged batch; <see cref="Finish"/> must follow.</summary>
    /// <exception cref="InvalidOperationException">No batch was staged, or the step before is not finished.</exception>
    /// <exception cref="TrainingDivergedException">As by <see cref="Run"/>, where the device is not asynchronous.</exception>
    public void Start(double learningRateFactor)
    {
        using Driving driving = Enter();
        using NvtxRange range = _backend.Range(ProfilerRanges.Step);
        ulong layout = Begin();
        _input.Receive();
        Issue(layout, learningRateFactor);
    }

    /// <summary>Waits for the step in flight, does it again when an inversion must be refused, counts it and learns from it.</summary>
    /// <exception cref="InvalidOperationException">No step was started.</exception>
    /// <exception cref="TrainingDivergedException">As by <see cref="Run"/>.</exception>
    public StepResult Finish()
    {
        using Driving driving = Enter();
        if (!IsInFlight)
        {
            throw new InvalidOperationException($"No step is in flight; call {nameof(Start)} first.");
        }
        try
        {
            ReadOnlySpan<double> results = _results.Wait();
            StepOutcome outcome = StepOutcome.Read(results);
            bool again = _planned && outcome.RefusedBlock >= 0 && double.IsFinite(outcome.LossSum);
            if (again)
            {
                DoAgain();
                results = _results.Wait();
                outcome = StepOutcome.Read(results);
            }
            RequireFinite("loss", outcome.LossSum);
            RequireFinite("gradient norm", outcome.GradientNorm);
            Learn(results, again);
            Count++;
            double samples = (double)_batch * Math.Max(1, _accumulated);
            End();
            return new StepResult(outcome.LossSum / samples, outcome.Correct / samples, outcome.GradientNorm, _learningRate);
        }
        catch
        {
            Abandon();
            throw;
        }
    }

    /// <summary>Forward and backward over one batch; gradients add up until <see cref="Update"/>.</summary>
    /// <exception cref="ArgumentException">Pixels and targets do not have the same, whole number of samples, or not the number of the batch before.</exception>
    /// <exception cref="TrainingDivergedException">The loss is not finite; parameters are as before.</exception>
    public void Accumulate(ReadOnlySpan<float> pixels, ReadOnlySpan<float> targets)
    {
        using Driving driving = Enter();
        RequireNothingInFlight();
        int batch = _input.Samples(pixels, targets);
        if (_accumulated > 0 && batch != _batch)
        {
            throw new ArgumentException($"A step of batches of {_batch} cannot take one of {batch}.", nameof(pixels));
        }
        try
        {
            _input.Load(pixels, targets);
            _planned = false;
            if (_accumulated == 0)
            {
                Prepare();
            }
            Compute();
            _net.Coefficients?.Observe(Engine.Records);
            _accumulated++;
            _input.Release();
        }
        catch
        {
            Abandon();
            throw;
        }
    }

    /// <summary>Clips, updates the parameters with the average of the accumulated gradients and counts the step.</summary>
    /// <exception cref="InvalidOperationException">No gradients were accumulated since the last update.</exception>
    /// <exception cref="TrainingDivergedException">The gradient is not finite; parameters are as before.</exception>
    public StepResult Update(double learningRateFactor)
    {
        using Driving driving = Enter();
        if (_accumulated == 0)
        {
            throw new InvalidOperationException($"Step {Count + 1} has no gradients to update with; call {nameof(Accumulate)} first.");
        }
        Schedule(learningRateFactor);
        Conclude();
        Send();
        return Finish();
    }

    /// <summary>Waits for a step in flight, which may replay what is forgotten next.</summary>
    protected override void Close(Arena memory) => _results?.Dispose();

    private Driving Enter() => IsDisposed ? Drive() : _net.Drive();

    private void Issue(ulong layout, double learningRateFactor)
    {
        try
        {
            Schedule(learningRateFactor);
            _planned = _backend.IsAsynchronous && Engine.Inverter.Plan.IsKnown;
            if (_planned)
            {
                Engine.Inverter.Publish();
            }
            if (_planned && _recorder is not null && Engine.InputObserver is null)
            {
                StepKey key = new(_input.Pixels, _input.Targets, layout, _net.IterationsAt(Count), Engine.Plan, Engine.Inversion);
                _recorder.Issue(key, Engine.Inverter.Plan.Version, _work);
            }
            else
            {
                _work();
            }
            Send();
        }
        catch
        {
            Abandon();
            throw;
        }
    }

    // What changes from step to step and is read from the device.
    private void Schedule(double learningRateFactor)
    {
        Optimizer.Schedule(learningRateFactor, Count + 1);
        _learningRate = _settings.Optimizer.LearningRate * learningRateFactor;
        if (_results.Count < ResultLength)
        {
            _results.Dispose();
            _results = _backend.CreateReadback(ResultLength);
        }
    }

    private void PrepareAndCompute()
    {
        Prepare();
        Compute();
        Conclude();
    }

    private void Prepare()
    {
        _batch = _input.Batch;
        _net.PrepareStep(_batch, Count);
        _backend.Fill(_net.Parameters.Gradients, 0);
    }

    private void Compute()
    {
        long mark = _backend.Memory.Mark();
        try
        {
            Tensor logits = Engine.Forward(_input.Pixels, _planned);
            _backend.CrossEntropy(logits, _input.Targets, 1f / _batch, logits, _losses);
            if (!_planned)
            {
                Span<double> sums = stackalloc double[2];
                _backend.Download(_losses, sums);
                RequireFinite("loss", sums[0]);
            }
            Engine.Backward(logits);
        }
        catch
        {
            Engine.Forget();
            _backend.Memory.FreeSince(mark);
            throw;
        }
    }

    private void Conclude()
    {
        using NvtxRange range = _backend.Range(ProfilerRanges.Optimizer);
        _backend.Dot(_net.Parameters.Gradients, _net.Parameters.Gradients, _squareSum);
        StepLimits limits = Engine.Inversion.Limits(1.0 / Math.Max(1, _accumulated), _settings.ClipNorm);
        Tensor inversions = _planned ? Engine.Inverter.Statistics : default;
        Tensor evaluations = inversions.IsEmpty ? default : Engine.Inverter.Evaluations;
        Tensor held = _net.Coefficients?.State ?? default;
        _backend.StepVerdict(limits, _losses, _squareSum, inversions, evaluations, held, Optimizer.Settings, _outcome);
        Optimizer.Update();
        _results.Copy(_outcome, 0);
        if (!inversions.IsEmpty)
        {
            _results.Copy(inversions, StatisticsStart);
        }
        if (_net.Coefficients is { } coefficients)
        {
            _results.Copy(coefficients.Bounds, StepOutcome.Length);
        }
    }

    private void Send()
    {
        _results.Mark();
        IsInFlight = true;
    }

    // The update was skipped, so that everything is as it was before it, the prepared weights too, but for what counts batches.
    private void DoAgain()
    {
        Engine.Replays++;
        _planned = false;
        _net.Repeat();
        _backend.Fill(_net.Parameters.Gradients, 0);
        Compute();
        Conclude();
        Send();
    }

    private void Learn(ReadOnlySpan<double> results, bool again)
    {
        if (_planned)
        {
            Engine.Inverter.Judge(results[StatisticsStart..], _net.Blocks);
        }
        else
        {
            Engine.Inverter.Measure(again);
        }
        _net.Coefficients?.Follow(Engine.Records, results[StepOutcome.Length..]);
    }

    private void End()
    {
        _input.Release();
        IsInFlight = false;
        _accumulated = 0;
    }

    // After a failure: the losses and records of a step that was not concluded would be part of the next one's.
    private void Abandon()
    {
        End();
        ClearLosses();
        _net.Coefficients?.Forget();
    }

    // A recorded step that is replayed prepares nothing, and changes the parameters without a word to the network.
    private ulong Begin()
    {
        RequireNothingInFlight();
        if (_accumulated > 0)
        {
            throw new InvalidOperationException($"The gradients of {_accumulated} batches wait for an update; call {nameof(Update)} first.");
        }
        _net.Invalidate();
        return _backend.Memory.Layout;
    }

    private void RequireNothingInFlight()
    {
        if (IsInFlight)
        {
            throw new InvalidOperationException($"Step {Count + 1} is in flight; call {nameof(Finish)} first.");
        }
    }

    private void ClearLosses() => _backend.Upload<double>([0, 0], _losses);

    private void RequireFinite(string what, double value) => TrainingDivergedException.ThrowUnlessFinite(value, what, Count + 1, _settings);
}
