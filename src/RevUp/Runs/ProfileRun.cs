using System.Diagnostics;
using RevUp.Backends;
using RevUp.Backends.Observed;
using RevUp.Data;
using RevUp.Diagnostics;
using RevUp.Interop.Nvtx;
using RevUp.Models;
using RevUp.Planning;
using RevUp.Recipes;
using RevUp.Reversible;
using RevUp.Tensors;
using RevUp.Training;

namespace RevUp.Runs;

/// <summary>
/// Training steps of a recipe for a profile, in the order in which a run does them, on a network
/// that is there for the measurement only. Zero convolutions are drawn at random and the learning
/// rate is 0, so that inversions take as many branch evaluations as in the middle of a run.
/// </summary>
internal sealed class ProfileRun : IDisposable
{
    /// <summary>
    /// Steps before the window: generated code, the choice of algorithms, the plan of k, the
    /// loader's first batches.
    /// </summary>
    public const int WarmUps = 5;

    private const int UsualSteps = 10;

    private readonly Backend _device;
    private readonly Recipe _recipe;
    private readonly ProfileData _data;
    private TimeSpan _waited;

    /// <summary>Opens the data and plans the policies; nothing runs yet.</summary>
    /// <param name="device">The device, which the caller disposes.</param>
    /// <param name="recipe">Network, data, policy, batch.</param>
    /// <param name="window">Steps to profile; null for ten after the warm-up.</param>
    /// <exception cref="ConfigurationException">
    /// The recipe cannot work, or the window is beyond the run.
    /// </exception>
    /// <exception cref="DataFileException">Data is damaged.</exception>
    public ProfileRun(Backend device, Recipe recipe, StepWindow? window)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(recipe);
        recipe.Validate();
        _ = recipe.Training.PassesOf(ranks: 1);
        _device = device;
        _recipe = recipe with { Model = Checkpoint.Decide(recipe.Model, device, folder: null) };
        Window = window ?? new StepWindow(WarmUps + 1, WarmUps + UsualSteps);
        _data = new ProfileData(recipe);
        try
        {
            if (window is not null && _data.Steps is { } steps)
            {
                window.Require("--steps", done: 0, steps);
            }
            Plan = recipe.Reversible.NeedsPlan ? MemoryPlanner.Plan(device, _recipe).Plan : recipe.Reversible.Plan;
        }
        catch
        {
            _data.Dispose();
            throw;
        }
    }

    /// <summary>The steps.</summary>
    public StepWindow Window { get; }

    /// <summary>Policies of the blocks.</summary>
    public MemoryPlan Plan { get; }

    /// <summary>Why the batches are random; null where they are the recipe's.</summary>
    public string? Missing => _data.Missing;

    /// <summary>Measures where the time of the window's steps goes. No graph is recorded.</summary>
    /// <param name="progress">Called after every step, with its number.</param>
    /// <param name="stop">Ends the profile.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public ProfileResult Measure(Action<long> progress, CancellationToken stop)
    {
        BranchPrecision precision = _recipe.Model.Precision;
        MachineRates rates = MachineRates.Measure(
            _device, precision.Element(), _device.HasTf32 && precision.AllowsTf32());
        using DeviceClock clock = _device.CreateClock();
        StepProfiler profiler = new(clock, () => _device.Launches);
        using ObservedBackend observed = new(_device, profiler);
        List<InversionRecord> records = [];
        double plain = double.NaN;
        TimeSpan waited = default;
        using (RevUpNet net = OpenNetwork(observed))
        using (TrainingStep step = OpenStep(net, _recipe.Training with { CudaGraph = false }))
        {
            profiler.Name(net.Layers);
            Train(
                net,
                step,
                profiler,
                number =>
                {
                    waited = number == Window.First ? _waited : waited;
                    return number >= Window.First;
                },
                (number, milliseconds) =>
                {
                    plain = number < Window.First ? milliseconds : plain;
                    if (number >= Window.First)
                    {
                        records.AddRange(
                            step.Engine.Records.ToArray().Where(record => record.Evaluations > 0));
                    }
                    progress(number);
                },
                stop);
            waited = _waited - waited;
        }
        return new ProfileResult(
            Window,
            Missing,
            precision.Text(_device),
            rates,
            profiler.Profile(),
            plain,
            waited.TotalMilliseconds / Window.Count,
            records.Count == 0 ? 0 : records.Average(record => record.Evaluations),
            records.Count == 0 ? 0 : records.Max(record => record.Evaluations))
        {
            Plan = Plan,
        };
    }

    /// <summary>
    /// Runs the same steps for a profiler that waits for cuProfilerStart, which comes before the
    /// window's first step, and cuProfilerStop once the device is done with its last.
    /// </summary>
    /// <inheritdoc cref="Measure"/>
    public void Capture(Action<long> progress, CancellationToken stop)
    {
        _device.GraphNames = $"{_recipe.Name}.{StepWindow.GraphNames}";
        using RevUpNet net = OpenNetwork(_device);
        using TrainingStep step = OpenStep(net, _recipe.Training);
        Train(
            net,
            step,
            profiler: null,
            number =>
            {
                Window.Begin(_device, number);
                return false;
            },
            (number, _) =>
            {
                Window.End(_device, number);
                progress(number);
            },
            stop);
    }

    /// <summary>Closes the data.</summary>
    public void Dispose() => _data.Dispose();

    private RevUpNet OpenNetwork(Backend backend)
    {
        RevUpNet net = new(
            backend, _recipe.Model, _recipe.Data.Sample, _recipe.Data.ClassCount, _recipe.Training.Seed,
            trained: _recipe.Training.Trained);
        MemoryProbe.DrawZeroConvolutions(net, _recipe.Training.Seed);
        return net;
    }

    // Norms as in the middle of a run, where one power iteration a step follows them.
    private TrainingStep OpenStep(RevUpNet net, TrainingSettings training)
    {
        TrainingStep step = new(net, ProbeBatch.Settings(net, training), Plan, _recipe.Reversible.Inversion);
        for (; step.Count < _recipe.Model.Lipschitz.StartSteps; step.Count++)
        {
            net.PrepareStep(training.BatchSize, step.Count);
        }
        return step;
    }

    private void Train(
        RevUpNet net, TrainingStep step, StepProfiler? profiler, Func<long, bool> begin, Action<long, double> end,
        CancellationToken stop)
    {
        bool overlaps = step.IsPipelined && _device.IsAsynchronous;
        if (overlaps)
        {
            Take(net, step, profiler);
        }
        for (long number = 1; number <= Window.Last; number++)
        {
            stop.ThrowIfCancellationRequested();
            StepProfiler? measured = begin(number) ? profiler : null;
            long start = Stopwatch.GetTimestamp();
            measured?.BeginStep();
            if (!step.IsPipelined)
            {
                Accumulate(net, step, measured);
            }
            else
            {
                if (!overlaps)
                {
                    Take(net, step, measured);
                }
                step.Start(learningRateFactor: 0);
                if (overlaps && number < Window.Last)
                {
                    Take(net, step, measured);
                }
                measured?.Enter(HostActivity.Ending);
                step.Finish();
            }
            measured?.EndStep();
            end(number, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
    }

    private void Take(RevUpNet net, TrainingStep step, StepProfiler? measured)
    {
        Wait(net, measured);
        measured?.Enter(HostActivity.HandingOver);
        _data.Stage(step);
        measured?.Enter(HostActivity.Issuing);
    }

    private void Accumulate(RevUpNet net, TrainingStep step, StepProfiler? measured)
    {
        using NvtxRange range = net.Backend.Range(ProfilerRanges.Step);
        for (int pass = 0; pass < _recipe.Training.Accumulate; pass++)
        {
            Wait(net, measured);
            measured?.Enter(HostActivity.Issuing);
            _data.Accumulate(step);
        }
        step.Update(learningRateFactor: 0);
    }

    private void Wait(RevUpNet net, StepProfiler? measured)
    {
        measured?.Enter(HostActivity.WaitingForData);
        long start = Stopwatch.GetTimestamp();
        _data.Next(net, _recipe.Training);
        _waited += Stopwatch.GetElapsedTime(start);
    }
}
