using System.Diagnostics;
using RevUp.Backends;
using RevUp.Backends.Cuda;
using RevUp.Distributed;
using RevUp.Models;
using RevUp.Planning;
using RevUp.Recipes;
using RevUp.Reversible;
using RevUp.Tensors;
using RevUp.Training;

namespace RevUp.Benchmarks.Studies;

/// <summary>
/// Training steps of a recipe on two batches of random data in turn, at its Lipschitz bound and at
/// a learning rate of 0: every step trains the same network.
/// </summary>
internal sealed class GpuTraining : IDisposable
{
    private readonly Collective _ranks;
    private readonly RevUpNet _net;
    private readonly float[] _pixels;
    private readonly float[] _targets;
    private readonly List<double> _host = [];
    private readonly List<double> _handOver = [];

    /// <param name="device">The device.</param>
    /// <param name="recipe">Network and settings.</param>
    /// <param name="policy">Policy of all blocks.</param>
    /// <param name="batch">Samples of a step.</param>
    /// <param name="settled">
    /// Whether norms are as they are in the middle of a run, where one power iteration per step
    /// follows them.
    /// </param>
    /// <param name="environment">
    /// Ranks that share the steps by NCCL, each with a batch of its own; null for no communicator.
    /// </param>
    public GpuTraining(
        Device device, Recipe recipe, MemoryPolicy policy, int batch, bool settled, RankEnvironment? environment = null)
    {
        ulong seed = recipe.Training.Seed;
        _ranks = environment is null
            ? Collective.Alone
            : new NcclCollective(
                new CudaBackend(environment.DeviceOf(CudaDevices.Find().Devices.Count), capacity: device.Memory),
                environment);
        Settings = recipe.Training with
        {
            BatchSize = batch,
            Accumulate = environment?.Size ?? recipe.Training.Accumulate,
        };
        Backend = _ranks.Backend ?? device.Open();
        try
        {
            _net = new RevUpNet(Backend, recipe.Model, recipe.Data.Sample, recipe.Data.ClassCount, seed);
            MemoryProbe.DrawZeroConvolutions(_net, seed);
            Step = new TrainingStep(
                _net, Settings, new MemoryPlan { Policy = policy }, recipe.Reversible.Inversion, _ranks);
            for (; settled && Step.Count < recipe.Model.Lipschitz.StartSteps; Step.Count++)
            {
                _net.PrepareStep(batch, Step.Count);
            }
            _pixels = RandomPixels((long)_net.Sample.Count * 2 * batch, seed);
            _targets = RandomTargets(2 * batch, _net.Classes, seed);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The device.</summary>
    public Backend Backend { get; }

    /// <summary>Settings of the steps.</summary>
    public TrainingSettings Settings { get; }

    /// <summary>The step.</summary>
    public TrainingStep Step { get; }

    /// <summary>Work of each layer in the last step.</summary>
    public LayerWork[] Work => LayerWork.Of(_net, Step.Engine);

    /// <summary>
    /// Median times of steps, of what the host does to issue one, and of what it does after that to
    /// copy the next batch, in milliseconds.
    /// </summary>
    public (double Step, double Host, double HandOver) Measure(int warmups, int steps)
    {
        Stage();
        Backend.Time(warmups, Train);
        Backend.Memory.ResetPeaks();
        _host.Clear();
        _handOver.Clear();
        double milliseconds = Statistics.Median(Backend.Time(steps, Train));
        return (milliseconds, Statistics.Median(_host), Statistics.Median(_handOver));
    }

    /// <summary>Frees network and device; leaves the ranks.</summary>
    public void Dispose()
    {
        Step?.Dispose();
        _net?.Dispose();
        _ranks.Dispose();
        if (_ranks.Backend is null)
        {
            Backend.Dispose();
        }
    }

    private void Stage()
    {
        int half = (int)(Step.Count % 2);
        Step.Stage(
            _pixels.AsSpan(half * (_pixels.Length / 2), _pixels.Length / 2),
            _targets.AsSpan(half * (_targets.Length / 2), _targets.Length / 2));
    }

    // As a run does it: the next batch is handed over while the device works on this one.
    private void Train()
    {
        long start = Stopwatch.GetTimestamp();
        Step.Start(learningRateFactor: 0);
        long issued = Stopwatch.GetTimestamp();
        Stage();
        _host.Add(Stopwatch.GetElapsedTime(start, issued).TotalMilliseconds);
        _handOver.Add(Stopwatch.GetElapsedTime(issued).TotalMilliseconds);
        Step.Finish();
    }

    private static float[] RandomPixels(long count, ulong seed)
    {
        ConfigurationException.Require(
            count <= Array.MaxLength,
            $"two batches are {count} numbers, and an array holds {Array.MaxLength}; use a smaller --batch");
        CounterRandom random = new(seed, stream: 1, index: 0);
        return MemoryProbe.RandomPixels((int)count, ref random);
    }

    private static float[] RandomTargets(int samples, int classes, ulong seed)
    {
        float[] targets = new float[samples * classes];
        CounterRandom random = new(seed, stream: 2, index: 0);
        for (int sample = 0; sample < samples; sample++)
        {
            targets[(sample * classes) + random.NextInt(classes)] = 1;
        }
        return targets;
    }
}
