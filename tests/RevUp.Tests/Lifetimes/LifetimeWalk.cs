namespace RevUp.Tests.Lifetimes;

/// <summary>
/// A seeded random walk over living and disposed objects of two backends. Each network has a twin
/// of the same seed on a backend of its own, which gets the same calls while the network lives and
/// never meets a disposed object. Every result must be the twin's, bit for bit; every call on a
/// closed object must throw; no Dispose may.
/// </summary>
internal sealed class LifetimeWalk : IDisposable
{
    private const int Backends = 2;
    private const int Most = 5;
    private const int Remembered = 40;
    private const long Capacity = 8 << 20;

    private static readonly MemoryPolicy[] s_policies =
        [MemoryPolicy.Invert, MemoryPolicy.Store, MemoryPolicy.Checkpoint, MemoryPolicy.Compress];

    // With the weight of each: predictions and steps most of all.
    private static readonly (int Weight, string Name, Func<WalkLife, int, object?> Act)[] s_calls =
    [
        (8, "Predict", (life, n) => life.Net.Predict(Pixels(n))),
        (8, "Run", (life, n) => life.Step.Run(Pixels(n), Targets(n), 1)),
        (4, "Stage", (life, n) => Do(() => life.Step.Stage(Pixels(n), Targets(n)))),
        (4, "Start", (life, _) => Do(() => life.Step.Start(1))),
        (5, "Finish", (life, _) => life.Step.Finish()),
        (3, "Accumulate", (life, n) => Do(() => life.Step.Accumulate(Pixels(n), Targets(n)))),
        (3, "Update", (life, _) => life.Step.Update(0.5)),
        (2, "Invalidate", (life, _) => Do(life.Net.Invalidate)),
        (2, "PrepareInference", (life, n) => Do(() => life.Net.PrepareInference(1 + n % WalkLife.BatchSize))),
        (3, "Weights", (life, _) => life.Backend.ToHost(life.Weights)),
        (2, "Write weights", (life, n) =>
        {
            life.Backend.Upload<float>(Vectors.Normal(n, life.Weights.Count, 0.2), life.Weights);
            return null;
        }),
        (1, "New step", (life, n) => Do(() => life.Restart(s_policies[n % s_policies.Length]))),
        (2, "Clear gradients", (life, _) => Do(() => life.Backend.Fill(life.Net.Parameters.Gradients, 0))),
        (2, "Moments", (life, _) => life.Backend.ToHost(life.Step.Optimizer.Moments[0])),
        (2, "Clear moments", (life, _) => Do(() => life.Backend.Fill(life.Step.Optimizer.Moments[0], 0))),
        (2, "Stem", (life, _) =>
        {
            SavedTensors saved = default;
            life.Stem.Prepare(WalkLife.BatchSize, NetworkUse.Evaluation);
            return life.Backend.Take(life.Stem.Forward(life.Input, ForwardMode.Keep, ref saved));
        }),
        (1, "LipschitzBound", (life, _) => life.Branch.LipschitzBound()),
        (1, "Too few pixels", (life, _) => life.Net.Predict([1, 2, 3])),
    ];

    private readonly int _totalWeight = s_calls.Sum(call => call.Weight);
    private readonly Backend[] _backends = [.. Enumerable.Range(0, Backends).Select(_ => Open())];
    private readonly List<Pair> _living = [];
    private readonly List<WalkLife> _dead = [];
    private CounterRandom _random;
    private ulong _seed;

    public LifetimeWalk(long seed) => _random = new CounterRandom((ulong)seed, 1, 0);

    /// <summary>Calls on living networks whose results were compared.</summary>
    public int Compared { get; private set; }

    /// <summary>Calls that a closed object refused.</summary>
    public int Refused { get; private set; }

    /// <summary>Objects that were disposed, again or for the first time.</summary>
    public int Disposals { get; private set; }

    /// <summary>One call.</summary>
    public void Step()
    {
        int choice = _random.NextInt(100);
        if (_living.Count < Most && choice < 8)
        {
            Create();
        }
        else if (choice < 12 && _living.Count > 0)
        {
            End(_living[_random.NextInt(_living.Count)]);
        }
        else if (choice < 13)
        {
            EndBackend(_random.NextInt(Backends));
        }
        else if (choice < 20 && _dead.Count > 0)
        {
            DisposeAgain(_dead[_random.NextInt(_dead.Count)]);
        }
        else if (choice < 50 && _dead.Count > 0)
        {
            CallDead(_dead[_random.NextInt(_dead.Count)]);
        }
        else if (_living.Count > 0)
        {
            CallLiving(_living[_random.NextInt(_living.Count)]);
        }
    }

    /// <summary>Ends every network: nothing may be left in memory.</summary>
    public void Dispose()
    {
        while (_living.Count > 0)
        {
            End(_living[0]);
        }
        foreach (Backend backend in _backends)
        {
            Assert.AreEqual(0, backend.Memory.LiveCount, "live tensors of networks that are all disposed");
            backend.Dispose();
            backend.Dispose();
        }
    }

    private static CpuBackend Open() => new(threads: 1, Capacity);

    private static float[] Pixels(int batch) => WalkLife.Batch(batch).Pixels;

    private static float[] Targets(int batch) => WalkLife.Batch(batch).Targets;

    private static object? Do(Action act)
    {
        act();
        return null;
    }

    private void Create()
    {
        (int backend, ulong seed) = (_random.NextInt(Backends), ++_seed);
        MemoryPolicy policy = s_policies[_random.NextInt(s_policies.Length)];
        _living.Add(new Pair(new WalkLife(_backends[backend], policy, seed), new WalkLife(Open(), policy, seed)));
    }

    private void End(Pair pair)
    {
        WalkLife life = pair.Real;
        life.Backend.Memory.Free(life.Input);
        // In either order.
        if (_random.NextInt(2) == 0)
        {
            life.Step.Dispose();
            life.Net.Dispose();
        }
        else
        {
            life.Net.Dispose();
            life.Step.Dispose();
        }
        Bury(pair);
    }

    private void EndBackend(int index)
    {
        Backend backend = _backends[index];
        backend.Dispose();
        foreach (Pair pair in _living.Where(pair => pair.Real.Backend == backend).ToArray())
        {
            Bury(pair);
        }
        _backends[index] = Open();
    }

    private void Bury(Pair pair)
    {
        pair.Twin.Backend.Dispose();
        _living.Remove(pair);
        _dead.Add(pair.Real);
        if (_dead.Count > Remembered)
        {
            _dead.RemoveAt(0);
        }
        Disposals++;
    }

    private void DisposeAgain(WalkLife life)
    {
        IDisposable[] parts =
            [life.Step, life.Net, life.Net.Parameters, life.Stem, life.Branch, life.Step.Engine, life.Step.Optimizer];
        parts[_random.NextInt(parts.Length)].Dispose();
        Disposals++;
    }

    private void CallDead(WalkLife life)
    {
        (string name, Func<WalkLife, int, object?> act) = Draw();
        (object? result, Exception? exception) = Try(() => act(life, _random.NextInt(1000)));
        Assert.IsInstanceOfType<ObjectDisposedException>(exception, $"{name} on a closed object gave {result}");
        Refused++;
    }

    private void CallLiving(Pair pair)
    {
        (string name, Func<WalkLife, int, object?> act) = Draw();
        int number = _random.NextInt(1000);
        (object? result, Exception? exception) = Try(() => act(pair.Real, number));
        (object? expected, Exception? refusal) = Try(() => act(pair.Twin, number));
        Assert.AreEqual(refusal?.GetType(), exception?.GetType(), $"{name}: {exception}");
        Assert.AreEqual(refusal?.Message, exception?.Message, name);
        if (expected is float[] numbers)
        {
            CollectionAssert.AreEqual(numbers, (float[])result!, name);
        }
        else
        {
            Assert.AreEqual(expected, result, name);
        }
        Compared++;
    }

    private (string Name, Func<WalkLife, int, object?> Act) Draw()
    {
        int left = _random.NextInt(_totalWeight);
        foreach ((int weight, string name, Func<WalkLife, int, object?> act) in s_calls)
        {
            left -= weight;
            if (left < 0)
            {
                return (name, act);
            }
        }
        throw new InvalidOperationException("The weights do not add up.");
    }

    private static (object? Result, Exception? Exception) Try(Func<object?> act)
    {
        try
        {
            return (act(), null);
        }
        catch (Exception exception)
        {
            return (null, exception);
        }
    }

    private sealed record Pair(WalkLife Real, WalkLife Twin);
}
