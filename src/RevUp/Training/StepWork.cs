using RevUp.Backends;
using RevUp.Distributed;
using RevUp.Interop.Nvtx;
using RevUp.Models;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Training;

/// <summary>
/// The work that a step issues to the device: weights prepared, forward, loss, backward, verdict,
/// update.
/// </summary>
internal sealed class StepWork : IDisposable
{
    private readonly Backend _backend;
    private readonly RevUpNet _net;
    private readonly TrainingSettings _settings;
    private readonly ReversibleEngine _engine;
    private readonly Optimizer _optimizer;
    private readonly StepProtocol _protocol;
    private readonly StepInput _input;
    private readonly Objective _objective;
    private readonly StepRecorder? _recorder;
    private readonly Collective _ranks;
    private readonly StepAgreement? _agreement;
    private readonly RankWaits? _waits;
    private readonly GradientSum _sum;
    private readonly int _passes;
    private readonly Action _pass;
    private readonly Func<double, string> _fault;

    public StepWork(
        RevUpNet net,
        TrainingSettings settings,
        ReversibleEngine engine,
        Optimizer optimizer,
        StepProtocol protocol,
        StepInput input,
        Objective objective,
        Collective ranks)
    {
        _backend = net.Backend;
        (_net, _settings, _engine) = (net, settings, engine);
        (_optimizer, _protocol, _input, _objective) = (optimizer, protocol, input, objective);
        _ranks = ranks;
        _passes = settings.PassesOf(ranks.Size);
        _agreement = ranks.IsAlone ? null : new StepAgreement(ranks, protocol, _passes, worst: IsPipelined);
        _waits = ranks.IsAlone || ranks.IsConcurrent ? null : new RankWaits(ranks);
        _sum = new GradientSum(net, ranks, settings);
        _recorder = settings.CudaGraph ? new StepRecorder(_backend) : null;
        _pass = Pass;
        _fault = loss => Diverged(loss, "loss").Message;
    }

    /// <summary>
    /// Updates done: steps are numbered from it, and the first ones take more power iterations.
    /// </summary>
    public long Count { get; set; }

    /// <summary>Passes of this rank for the update; 0 where a step is one pass.</summary>
    public int Accumulated { get; private set; }

    /// <summary>Samples of one pass.</summary>
    public int Batch { get; private set; }

    /// <summary>Samples of the step.</summary>
    public double Samples => (double)Batch * Passes;

    /// <summary>
    /// Whether a step is issued as a whole, and then waited for. Ranks that add in order, or on the
    /// host, accumulate instead.
    /// </summary>
    public bool IsPipelined => _passes == 1 && (_ranks.IsAlone || (_ranks.IsConcurrent && !_settings.SumInRankOrder));

    /// <summary>Learning rate of the weights in the step.</summary>
    public double LearningRate { get; private set; }

    /// <summary>
    /// Wait of the ranks in the last step; null of one process, and where sums go beside the work.
    /// </summary>
    public RankWait? Wait => _waits?.Last;

    /// <summary>Steps recorded.</summary>
    public long Recordings => _recorder?.Recordings ?? 0;

    /// <summary>
    /// Ranks begin a part of the run: all or none of them replay a step, and what one rank alone
    /// has done since the last step may have moved its memory.
    /// </summary>
    public void Restart()
    {
        if (!_ranks.IsAlone)
        {
            _recorder?.Restart();
        }
    }

    /// <summary>Issues a step of one batch, as one recorded piece where that is possible.</summary>
    /// <param name="layout">Of the arena before the batch was there.</param>
    /// <param name="learningRateFactor">The schedule's factor of the learning rate.</param>
    public void Issue(ulong layout, double learningRateFactor)
    {
        _ranks.Step = Count + 1;
        Schedule(learningRateFactor);
        _protocol.Begin(mayPlan: true);
        if (_protocol.IsPlanned && _recorder is not null && _engine.InputObserver is null)
        {
            StepKey key =
                new(_input.Pixels, _input.Targets, layout, _net.IterationsAt(Count), _engine.Plan, _engine.Inversion);
            _recorder.Issue(key, _protocol.PlanVersion, _pass);
        }
        else
        {
            _pass();
        }
        _protocol.Send();
    }

    /// <summary>
    /// Issues the passes of a step again, whose update was skipped: weights are prepared, batches
    /// counted.
    /// </summary>
    public void Repeat()
    {
        _net.Repeat();
        _backend.Fill(_net.Parameters.Gradients, 0);
        Compute();
        Share();
        Conclude();
        _protocol.Send();
    }

    /// <summary>Takes one of several batches of a step forward and backward.</summary>
    public void Accumulate()
    {
        _protocol.Begin(mayPlan: false);
        if (Accumulated == 0)
        {
            _ranks.Step = Count + 1;
            _waits?.Begin();
            Prepare();
        }
        else
        {
            _sum.Next(Accumulated);
            _net.ResumeStep(Batch);
        }
        Compute();
        _protocol.Observe();
        Accumulated++;
    }

    /// <summary>Updates with the batches that were accumulated.</summary>
    /// <exception cref="InvalidOperationException">There are none.</exception>
    public void Update(double learningRateFactor)
    {
        if (Accumulated == 0)
        {
            throw new InvalidOperationException(
                $"Step {Count + 1} has no gradients to update with; call {nameof(TrainingStep.Accumulate)} first.");
        }
        Schedule(learningRateFactor);
        Share();
        Conclude();
        _waits?.End();
        _protocol.Send();
    }

    /// <summary>Ends a step, whether it came to its end or not.</summary>
    public void End()
    {
        _protocol.End();
        _agreement?.Forget();
        _sum.End();
        Accumulated = 0;
    }

    /// <summary>
    /// Throws when a step is in flight, or batches were accumulated, or ranks share the passes.
    /// </summary>
    /// <exception cref="InvalidOperationException">Names the call that is missing.</exception>
    public void RequireNoneBegun()
    {
        RequireNoneInFlight();
        if (!_ranks.IsAlone && !IsPipelined)
        {
            throw new InvalidOperationException(
                $"{_ranks.Size} ranks share the passes of a step; call {nameof(TrainingStep.Accumulate)} and "
                + $"{nameof(TrainingStep.Update)}.");
        }
        if (Accumulated > 0)
        {
            throw new InvalidOperationException(
                $"The gradients of {Accumulated} batches wait for an update; call {nameof(TrainingStep.Update)} "
                + "first.");
        }
    }

    /// <summary>Throws when a batch cannot be accumulated.</summary>
    /// <exception cref="InvalidOperationException">A step is in flight.</exception>
    /// <exception cref="ArgumentException">
    /// The batches before have another number of samples.
    /// </exception>
    public void RequireNext(int batch)
    {
        RequireNoneInFlight();
        if (Accumulated > 0 && batch != Batch)
        {
            throw new ArgumentException(
                $"A batch of {batch} samples cannot follow one of {Batch}; all batches of a step have one size.");
        }
        if (!_ranks.IsAlone && Accumulated == _passes)
        {
            throw new InvalidOperationException(
                $"This rank has done its {Accumulated} passes of step {Count + 1}; call "
                + $"{nameof(TrainingStep.Update)}.");
        }
    }

    /// <summary>
    /// Throws when a number of the step is not finite. A batch that is not finite itself is to
    /// blame, and the settings are where it is.
    /// </summary>
    /// <exception cref="TrainingDivergedException">
    /// Names the number, the step and the fix.
    /// </exception>
    public void RequireFinite(string what, double value)
    {
        if (!double.IsFinite(value))
        {
            // The numbers of all ranks together: every rank throws.
            throw _ranks.Refuse(Diverged(value, what));
        }
    }

    /// <summary>Frees the recording and the buffers of the sum.</summary>
    public void Dispose()
    {
        _recorder?.Dispose();
        _sum.Dispose();
    }

    // Of all ranks.
    private int Passes => Math.Max(1, Accumulated) * _ranks.Size;

    private TrainingDivergedException Diverged(double value, string what) =>
        TrainingDivergedException.Of(value, what, Count + 1, _settings, _input.Fault(), _objective.IsOwn);

    private void RequireNoneInFlight()
    {
        if (_protocol.IsInFlight)
        {
            throw new InvalidOperationException(
                $"Step {Count + 1} is in flight; call {nameof(TrainingStep.Finish)} first.");
        }
    }

    private void Schedule(double factor)
    {
        _optimizer.Schedule(factor, Count + 1);
        LearningRate = _settings.Optimizer.LearningRate * factor;
    }

    private void Pass()
    {
        Prepare();
        Compute();
        Share();
        Conclude();
    }

    private void Prepare()
    {
        Batch = _input.Batch;
        _net.PrepareStep(Batch, Count);
        _backend.Fill(_net.Parameters.Gradients, 0);
    }

    private void Compute()
    {
        long mark = _backend.Memory.Mark();
        bool isLast = Accumulated == _passes - 1;
        _engine.GradientsReady = isLast ? _sum.LayerDone : null;
        try
        {
            _objective.Begin(_input.Targets);
            Tensor logits = _engine.Forward(_input.Pixels, _protocol.IsPlanned);
            _objective.Differentiate(logits, _input.Targets, _protocol.Losses);
            if (!_protocol.IsPlanned && _agreement?.Take(Accumulated, _fault) == false)
            {
                _engine.Forget();
                _backend.Memory.FreeSince(mark);
                if (isLast)
                {
                    _sum.GiveUp();
                }
                return;
            }
            if (!_protocol.IsPlanned && _agreement is null)
            {
                RequireFinite("loss", _protocol.ReadLoss());
            }
            _engine.Backward(logits);
        }
        catch
        {
            _engine.Forget();
            _backend.Memory.FreeSince(mark);
            throw;
        }
        finally
        {
            _objective.End();
        }
    }

    // A planned step leaves its numbers on the device, and so do its sums over ranks.
    private void Share()
    {
        if (_protocol.IsPlanned)
        {
            _protocol.Share();
        }
        else if (_agreement is not null)
        {
            if (Accumulated == 0)
            {
                _protocol.Observe();
            }
            _agreement.Conclude();
        }
        _sum.Complete(Math.Max(1, Accumulated));
    }

    private void Conclude()
    {
        using NvtxRange range = _backend.Range(ProfilerRanges.Optimizer);
        _protocol.Conclude(_net.Parameters.Gradients, Passes, _settings.ClipNorm, _optimizer.Settings);
        _optimizer.Update();
    }
}
