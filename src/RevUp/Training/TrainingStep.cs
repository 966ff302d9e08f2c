using RevUp.Backends;
using RevUp.Data;
using RevUp.Distributed;
using RevUp.Interop.Nvtx;
using RevUp.Models;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Training;

/// <summary>
/// One optimiser update: prepares the weights, takes one or more batches forward and backward,
/// updates. The inner loop of the algorithm, for any source of data.
/// </summary>
/// <example>
/// <code>
/// TrainingSettings settings = new();
/// using TrainingStep step = new(net, settings, new MemoryPlan(), new InversionSettings());
/// StepResult result = step.Run(pixels, targets, learningRateFactor: 1);
/// </code>
/// </example>
/// <remarks>
/// One thread drives a backend at a time. A step returns its memory to the arena, except the two
/// buffers of a staged batch on an asynchronous device. There the host waits once, in
/// <see cref="Finish"/>: inversions follow a plan, the verdict is reached on the device, and a step
/// with a refused inversion leaves parameters alone and is repeated at once with the adaptive
/// solver. The first step always uses that solver. So does <c>Accumulate</c>: a refused
/// gradient could not be taken out of a sum.
/// </remarks>
public sealed partial class TrainingStep : DeviceObject
{
    private readonly Backend _backend;
    private readonly RevUpNet _net;
    private readonly StepProtocol _protocol;
    private readonly StepInput _input;
    private readonly StepWork _work;

    /// <summary>A step on <paramref name="net"/>. It works while the network lives.</summary>
    /// <param name="net">The network.</param>
    /// <param name="settings">Optimiser and loss.</param>
    /// <param name="plan">Policies.</param>
    /// <param name="inversion">Limits of the inversions.</param>
    /// <param name="loss">
    /// A loss in place of the one of the network's task; null for the task's. Clipping,
    /// accumulation and refused inversions work as with the task's loss.
    /// </param>
    /// <exception cref="ConfigurationException">
    /// A setting does not fit range or network.
    /// </exception>
    /// <exception cref="ArenaExhaustedException">No memory; nothing stays allocated.</exception>
    public TrainingStep(
        RevUpNet net, TrainingSettings settings, MemoryPlan plan, InversionSettings inversion, BatchLoss? loss = null)
        : this(net, settings, plan, inversion, Collective.Alone, loss)
    {
    }

    /// <summary>A step whose passes several ranks share: each accumulates its own.</summary>
    /// <inheritdoc
    /// cref="TrainingStep(RevUpNet, TrainingSettings, MemoryPlan, InversionSettings, BatchLoss)"/>
    internal TrainingStep(
        RevUpNet net, TrainingSettings settings, MemoryPlan plan, InversionSettings inversion, Collective ranks,
        BatchLoss? loss = null)
        : base((net ?? throw new ArgumentNullException(nameof(net))).Backend)
    {
        using Driving driving = net.Drive();
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(inversion);
        settings.Validate();
        inversion.Validate(net.Settings.Precision);
        plan.Validate(net.Settings);
        ConfigurationException.Require(
            settings.Trained.IsWhole || settings.Trained.Equals(net.Trained),
            $"training.freeze and training.rates are not those that the network was built with; pass them to its "
            + $"constructor, or to SavedModel.Open, too");
        _net = net;
        _backend = net.Backend;
        ConfigurationException.Require(
            !settings.CudaGraph || _backend.CanRecord,
            $"training.cudaGraph is true, and the device '{_backend.Name}' has no graphs; use --device cuda, or false");
        long mark = _backend.Memory.Mark();
        try
        {
            Engine = Own(new ReversibleEngine(_backend, net.Layers, net.Work, plan, inversion, net.Frozen));
            Optimizer = Own(new Optimizer(_backend, net.Parameters, settings.Optimizer));
            // Disposed in reverse: the protocol waits for a step in flight, which may replay the
            // recording.
            Objective = Own(Objective.Of(net, settings, loss));
            Average = settings.EmaDecay > 0 ? Own(new WeightAverage(net, settings.EmaDecay)) : null;
            _input = Own(new StepInput(net, Objective));
            _protocol = new StepProtocol(_backend, Engine, net.Blocks, net.Coefficients, ranks);
            _work = Own(new StepWork(net, settings, Engine, Optimizer, _protocol, _input, Objective, ranks));
            Own(_protocol);
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
    internal ReversibleEngine Engine { get; }

    /// <summary>The optimiser.</summary>
    internal Optimizer Optimizer { get; }

    /// <summary>The moving average of the weights; null without.</summary>
    internal WeightAverage? Average { get; }

    /// <summary>Targets, loss and measure of the network's task.</summary>
    internal Objective Objective { get; }

    /// <summary>Updates done.</summary>
    public long Count
    {
        get => _work.Count;
        internal set => _work.Count = value;
    }

    /// <summary>
    /// Whether a step takes one batch of this rank, so that the next one may be staged beside it.
    /// </summary>
    internal bool IsPipelined => _work.IsPipelined;

    /// <summary>Whether this rank is asked to stop, for the next step to tell the others.</summary>
    internal bool AsksToStop
    {
        set => _protocol.AsksToStop = value;
    }

    /// <summary>Whether any rank was asked to stop before the last step.</summary>
    internal bool IsStopAsked => _protocol.IsStopAsked;

    /// <inheritdoc cref="StepWork.Wait"/>
    internal RankWait? Wait => _work.Wait;

    /// <summary>Whether a step was started and not finished.</summary>
    public bool IsInFlight => _protocol.IsInFlight;

    /// <summary>Steps recorded; 0 without <see cref="TrainingSettings.CudaGraph"/>.</summary>
    public long Recordings => _work.Recordings;

    /// <summary>A whole step on one batch with K numbers as the target of a sample.</summary>
    /// <param name="pixels">[N, …] normalised pixels, channels-last.</param>
    /// <param name="targets">
    /// [N, classes], each row summing to 1; [N, labels] of 0 to 1; or [N, outputs], the numbers of
    /// a regression.
    /// </param>
    /// <param name="learningRateFactor">The schedule's factor of the learning rate.</param>
    /// <exception cref="ArgumentException">
    /// Pixels and targets are not a whole batch, or the network has another task.
    /// </exception>
    /// <exception cref="TrainingDivergedException">
    /// A number is not finite; parameters stay.
    /// </exception>
    public StepResult Run(ReadOnlySpan<float> pixels, ReadOnlySpan<float> targets, double learningRateFactor) =>
        Run(new BatchPixels(pixels), targets, learningRateFactor);

    /// <summary>A whole step of a segmentation on one batch.</summary>
    /// <param name="pixels">[N, (D), H, W, C] normalised pixels.</param>
    /// <param name="labels">
    /// [N, (D), H, W], a class of the network or <see cref="VoxelLabels.Ignored"/>.
    /// </param>
    /// <param name="learningRateFactor">The schedule's factor of the learning rate.</param>
    /// <exception cref="ArgumentException">
    /// Pixels and labels are not a whole batch, a label is no class, or the network has another
    /// task.
    /// </exception>
    /// <exception cref="TrainingDivergedException">
    /// A number is not finite; parameters stay.
    /// </exception>
    public StepResult Run(ReadOnlySpan<float> pixels, ReadOnlySpan<ushort> labels, double learningRateFactor) =>
        Run(new BatchPixels(pixels), labels, learningRateFactor);

    /// <summary>
    /// Copies the batch of the next <see cref="Start"/>, on an asynchronous device beside the step
    /// in flight. The arrays may change as soon as this returns.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// Pixels and targets are not a whole batch, or the network has another task.
    /// </exception>
    public void Stage(ReadOnlySpan<float> pixels, ReadOnlySpan<float> targets) =>
        Stage(new BatchPixels(pixels), targets);

    /// <inheritdoc cref="Stage(ReadOnlySpan{float}, ReadOnlySpan{float})"/>
    internal void Stage<T>(BatchPixels pixels, ReadOnlySpan<T> targets) where T : unmanaged
    {
        using Driving driving = Enter();
        using NvtxRange range = _backend.Range(ProfilerRanges.HandOver, pixels.Bytes);
        _input.Stage(pixels, targets);
    }

    /// <summary>The same for a segmentation; labels as of <c>Run</c>.</summary>
    /// <exception cref="ArgumentException">
    /// Pixels and labels are not a whole batch, a label is no class, or the network has another
    /// task.
    /// </exception>
    public void Stage(ReadOnlySpan<float> pixels, ReadOnlySpan<ushort> labels) =>
        Stage(new BatchPixels(pixels), labels);

    /// <summary>Issues a step on the staged batch; <see cref="Finish"/> must follow.</summary>
    /// <exception cref="InvalidOperationException">
    /// No batch is staged, or a step is in flight.
    /// </exception>
    /// <exception cref="TrainingDivergedException">As by <c>Run</c>.</exception>
    public void Start(double learningRateFactor)
    {
        using Driving driving = Enter();
        using NvtxRange range = _backend.Range(ProfilerRanges.Step);
        ulong layout = Begin();
        _input.Receive();
        Issue(layout, learningRateFactor);
    }

    /// <summary>
    /// Waits for the step in flight, repeats it if it was refused, and counts it.
    /// </summary>
    /// <exception cref="InvalidOperationException">No step was started.</exception>
    /// <exception cref="TrainingDivergedException">As by <c>Run</c>.</exception>
    public StepResult Finish()
    {
        using Driving driving = Enter();
        if (!IsInFlight)
        {
            throw new InvalidOperationException($"No step is in flight; call {nameof(Start)} first.");
        }
        try
        {
            ReadOnlySpan<double> results = AwaitResults();
            StepOutcome outcome = StepOutcome.Read(results);
            if (_protocol.Refuse(outcome))
            {
                _work.Repeat();
                results = AwaitResults();
                outcome = StepOutcome.Read(results);
            }
            _work.RequireFinite("loss", outcome.LossSum);
            _work.RequireFinite("gradient norm", outcome.GradientNorm);
            _protocol.Learn(results);
            Tell();
            Count++;
            Average?.Follow(Count);
            (double samples, double learningRate) = (_work.Samples, _work.LearningRate);
            End();
            return Result(outcome.LossSum / samples, outcome.Correct / samples, outcome.GradientNorm, learningRate);
        }
        catch
        {
            Abandon();
            throw;
        }
    }

    /// <summary>Takes one batch both ways; gradients add up until <see cref="Update"/>.</summary>
    /// <exception cref="ArgumentException">
    /// Not a whole batch, or of another size than the last.
    /// </exception>
    /// <exception cref="TrainingDivergedException">As by <c>Run</c>.</exception>
    public void Accumulate(ReadOnlySpan<float> pixels, ReadOnlySpan<float> targets) =>
        Accumulate(new BatchPixels(pixels), targets);

    /// <summary>The same for a segmentation; labels as of <c>Run</c>.</summary>
    /// <exception cref="ArgumentException">
    /// Not a whole batch, of another size than the last, or a label is no class.
    /// </exception>
    /// <exception cref="TrainingDivergedException">As by <c>Run</c>.</exception>
    public void Accumulate(ReadOnlySpan<float> pixels, ReadOnlySpan<ushort> labels) =>
        Accumulate(new BatchPixels(pixels), labels);

    /// <summary>Updates the parameters with the mean of the accumulated gradients.</summary>
    /// <exception cref="InvalidOperationException">No gradients were accumulated.</exception>
    /// <exception cref="TrainingDivergedException">As by <c>Run</c>.</exception>
    public StepResult Update(double learningRateFactor)
    {
        using Driving driving = Enter();
        _net.Invalidate();
        try
        {
            _work.Update(learningRateFactor);
        }
        catch (TrainingDivergedException)
        {
            Abandon();
            throw;
        }
        return Finish();
    }

    internal StepResult Run<T>(BatchPixels pixels, ReadOnlySpan<T> targets, double learningRateFactor)
        where T : unmanaged
    {
        using Driving driving = Enter();
        using NvtxRange range = _backend.Range(ProfilerRanges.Step);
        ulong layout = Begin();
        _input.Load(pixels, targets);
        Issue(layout, learningRateFactor);
        return Finish();
    }

    internal void Accumulate<T>(BatchPixels pixels, ReadOnlySpan<T> targets) where T : unmanaged
    {
        using Driving driving = Enter();
        _work.RequireNext(Objective.Samples(pixels, targets));
        try
        {
            _input.Load(pixels, targets);
            _work.Accumulate();
            _input.Release();
        }
        catch
        {
            Abandon();
            throw;
        }
    }

    /// <inheritdoc cref="StepWork.Restart"/>
    internal void Restart() => _work.Restart();

    private Driving Enter() => IsDisposed ? Drive() : _net.Drive();

    private void Issue(ulong layout, double learningRateFactor)
    {
        try
        {
            _work.Issue(layout, learningRateFactor);
        }
        catch
        {
            Abandon();
            throw;
        }
    }

    private ReadOnlySpan<double> AwaitResults()
    {
        using NvtxRange range = _backend.Range(ProfilerRanges.Wait);
        return _protocol.Wait();
    }

    // Only now are they known, whatever range they belong to. By place: the enumerator of a list
    // behind an interface is garbage.
    private void Tell()
    {
        IReadOnlyList<InvertibleBlock> blocks = _net.Blocks;
        for (int i = 0; i < blocks.Count; i++)
        {
            InvertibleBlock block = blocks[i];
            if (Engine.Records[block.Index] is { Evaluations: > 0 } record)
            {
                _backend.Mark(block.RangeName, NvtxMark.Evaluations, record.Evaluations);
                _backend.Mark(block.RangeName, NvtxMark.Residual, record.Residual);
            }
        }
    }

    private void End()
    {
        _input.Release();
        _work.End();
    }

    private StepResult Result(double loss, double measure, double gradientNorm, double learningRate) =>
        _net.Settings.Task == ModelTask.Regression
            ? new StepResult(loss, double.NaN, gradientNorm, learningRate) { MeanAbsoluteError = measure }
            : new StepResult(loss, measure, gradientNorm, learningRate);

    // A lost device refuses this as well: the failure that is on its way says more.
    private void Abandon()
    {
        Quietly.Do(End);
        Quietly.Do(_protocol.Forget);
    }

    // A replayed recording changes the parameters, and the network does not see it.
    private ulong Begin()
    {
        _work.RequireNoneBegun();
        _net.Invalidate();
        return _backend.Memory.Layout;
    }
}
