using System.Globalization;
using RevUp.Backends;
using RevUp.Diagnostics;
using RevUp.Interop.Nvtx;
using RevUp.Models;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Training;

/// <summary>What one optimiser update did.</summary>
/// <param name="Loss">Mean cross-entropy over the step's samples.</param>
/// <param name="Top1">Fraction of them classified right.</param>
/// <param name="GradientNorm">Norm of the gradient of all parameters before clipping.</param>
/// <param name="LearningRate">Learning rate of the weights.</param>
public readonly record struct StepResult(double Loss, double Top1, double GradientNorm, double LearningRate);

/// <summary>The loss or the gradient is no longer a number; the message says what to change.</summary>
public sealed class TrainingDivergedException(string message) : Exception(message);

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
/// <remarks>Not thread-safe. Memory of a step comes from the arena and is back there when <see cref="Run"/> returns.</remarks>
public sealed class TrainingStep : IDisposable
{
    private readonly Backend _backend;
    private readonly RevUpNet _net;
    private readonly TrainingSettings _settings;
    private readonly Tensor _losses;
    private readonly Tensor _squareSum;
    private readonly Tensor _outcome;
    private int _accumulated;
    private int _batch;
    private long _samples;

    /// <summary>A step on <paramref name="net"/>, which must outlive it.</summary>
    /// <exception cref="ConfigurationException">A setting is out of range, or inversion is asked of blocks that are not contractive.</exception>
    /// <exception cref="ArenaExhaustedException">No memory for the optimiser's state; nothing stays allocated.</exception>
    public TrainingStep(RevUpNet net, TrainingSettings settings, MemoryPlan plan, InversionSettings inversion)
    {
        settings.Validate();
        inversion.Validate();
        plan.Validate(net.Settings.Lipschitz.Mode);
        _net = net;
        _backend = net.Backend;
        _settings = settings;
        long mark = _backend.Memory.Mark();
        try
        {
            Engine = new ReversibleEngine(_backend, net.Layers, plan, inversion);
            Optimizer = new Optimizer(_backend, net.Parameters, settings.Optimizer);
            _losses = Statistics(2);
            _squareSum = Statistics(1);
            _outcome = Statistics(StepOutcome.Length);
            ClearLosses();
        }
        catch
        {
            _backend.Memory.FreeSince(mark);
            throw;
        }
    }

    /// <summary>The engine: policies, inversion records.</summary>
    public ReversibleEngine Engine { get; }

    /// <summary>The optimiser.</summary>
    public Optimizer Optimizer { get; }

    /// <summary>Updates done.</summary>
    public long Count { get; set; }

    /// <summary>A whole step on one batch.</summary>
    /// <param name="pixels">[N, …] normalised pixels, channels-last.</param>
    /// <param name="targets">[N, classes], each row summing to 1.</param>
    /// <param name="learningRateFactor">The schedule's factor of the learning rate.</param>
    /// <exception cref="TrainingDivergedException">The loss or the gradient is not finite; parameters are as before.</exception>
    public StepResult Run(ReadOnlySpan<float> pixels, ReadOnlySpan<float> targets, double learningRateFactor)
    {
        using NvtxRange range = _backend.Range(ProfilerRanges.Step);
        Accumulate(pixels, targets);
        return Update(learningRateFactor);
    }

    /// <summary>Forward and backward over one batch; gradients add up until <see cref="Update"/>.</summary>
    /// <exception cref="ArgumentException">Pixels and targets do not have the same, whole number of samples.</exception>
    public void Accumulate(ReadOnlySpan<float> pixels, ReadOnlySpan<float> targets)
    {
        int batch = (int)(pixels.Length / _net.Sample.Count);
        if (batch == 0 || pixels.Length % _net.Sample.Count != 0 || targets.Length != (long)batch * _net.Classes)
        {
            throw new ArgumentException(
                $"{pixels.Length} pixels and {targets.Length} targets are not a batch of samples {_net.Sample} with {_net.Classes} classes.");
        }
        if (_accumulated > 0 && batch != _batch)
        {
            throw new ArgumentException($"A batch of {batch} samples cannot follow one of {_batch}; all batches of a step have one size.");
        }
        if (_accumulated == 0)
        {
            _batch = batch;
            _net.PrepareStep(batch, Count);
            _backend.Fill(_net.Parameters.Gradients, 0);
            _samples = 0;
        }
        long mark = _backend.Memory.Mark();
        try
        {
            ForwardAndBackward(pixels, targets, batch);
        }
        catch
        {
            _accumulated = 0;
            ClearLosses();
            Engine.Forget();
            _backend.Memory.FreeSince(mark);
            throw;
        }
    }

    /// <summary>Clips, updates the parameters with the average of the accumulated gradients and counts the step.</summary>
    /// <exception cref="InvalidOperationException">No gradients were accumulated since the last update.</exception>
    /// <exception cref="TrainingDivergedException">The gradient is not finite; parameters are as before.</exception>
    public StepResult Update(double learningRateFactor)
    {
        if (_accumulated == 0)
        {
            throw new InvalidOperationException($"Step {Count + 1} has no gradients to update with; call {nameof(Accumulate)} first.");
        }
        using NvtxRange range = _backend.Range(ProfilerRanges.Optimizer);
        Optimizer.Schedule(learningRateFactor, Count + 1);
        _backend.Dot(_net.Parameters.Gradients, _net.Parameters.Gradients, _squareSum);
        StepLimits limits = new(1.0 / _accumulated, _settings.ClipNorm, Engine.Inversion.HardLimit);
        _backend.StepVerdict(limits, _losses, _squareSum, inversions: default, evaluations: default, Optimizer.Settings, _outcome);
        Optimizer.Update();
        Span<double> numbers = stackalloc double[StepOutcome.Length];
        _backend.Download(_outcome, numbers);
        StepOutcome outcome = StepOutcome.Read(numbers);
        if (outcome.Skip != 0)
        {
            throw Diverged("gradient norm", outcome.GradientNorm);
        }
        Count++;
        _accumulated = 0;
        return new StepResult(
            outcome.LossSum / _samples, outcome.Correct / _samples, outcome.GradientNorm, _settings.Optimizer.LearningRate * learningRateFactor);
    }

    /// <summary>Frees the step's memory.</summary>
    public void Dispose()
    {
        Engine.Dispose();
        Optimizer.Dispose();
        _backend.Memory.Free(_losses);
        _backend.Memory.Free(_squareSum);
        _backend.Memory.Free(_outcome);
    }

    private void ForwardAndBackward(ReadOnlySpan<float> pixels, ReadOnlySpan<float> targets, int batch)
    {
        Arena memory = _backend.Memory;
        Tensor input = memory.Allocate(_net.Sample.WithBatch(batch), ElementType.Float32, MemoryPurpose.Activations);
        _backend.Upload(pixels, input);
        Tensor target = memory.Allocate(new Shape(batch, _net.Classes), ElementType.Float32, MemoryPurpose.Activations);
        _backend.Upload(targets, target);
        Tensor logits = Engine.Forward(input);
        _backend.CrossEntropy(logits, target, 1f / batch, logits, _losses);
        memory.Free(target);
        Span<double> sums = stackalloc double[2];
        _backend.Download(_losses, sums);
        _samples += batch;
        _accumulated++;
        if (!double.IsFinite(sums[0]))
        {
            throw Diverged("loss", sums[0]);
        }
        Engine.Backward(logits);
    }

    private Tensor Statistics(int count) => _backend.Memory.Allocate(new Shape(count), ElementType.Float64, MemoryPurpose.Workspace);

    private void ClearLosses() => _backend.Upload<double>([0, 0], _losses);

    private TrainingDivergedException Diverged(string what, double value)
    {
        _accumulated = 0;
        return new TrainingDivergedException(string.Create(
            CultureInfo.InvariantCulture,
            $"The {what} became {value} in step {Count + 1}. The parameters of the step before are kept. Resume from the last checkpoint with a lower "
            + $"learning rate (training.optimizer.learningRate is {_settings.Optimizer.LearningRate}), a longer warm-up (training.schedule.warmupSteps), "
            + $"or a limit on the gradient (training.clipNorm is {_settings.ClipNorm})."));
    }
}
