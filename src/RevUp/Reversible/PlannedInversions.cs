using RevUp.Backends;
using RevUp.Distributed;
using RevUp.Tensors;

namespace RevUp.Reversible;

/// <summary>
/// The plan of branch evaluations on the device, and the statistics that planned inversions leave
/// there, of all ranks together. The verdict looks at them on the device, and the host after the
/// step. The worst rank counts for each block, so all ranks reach one verdict and one next plan.
/// </summary>
/// <remarks>
/// Several ranks have a table of all their statistics: float64 [ranks · blocks, most evaluations,
/// 2]. The verdict takes it as the table of a network with as many blocks.
/// </remarks>
internal sealed class PlannedInversions : IDisposable
{
    private readonly Backend _backend;
    private readonly ReversibleEngine _engine;
    private readonly FixedPointInversion _solver;
    private readonly IReadOnlyList<InvertibleBlock> _blocks;
    private readonly AdaptiveCoefficients? _coefficients;
    private readonly Collective _ranks;
    private readonly int _tables;
    private readonly double[] _published;
    private readonly Tensor _evaluations;
    private readonly Tensor _held;
    private Tensor _all;
    private long _publishedVersion = -1;

    /// <summary>For the inversions of an engine.</summary>
    /// <exception cref="ArenaExhaustedException">
    /// No memory for the tables; the caller frees what was allocated.
    /// </exception>
    public PlannedInversions(
        Backend backend, ReversibleEngine engine, IReadOnlyList<InvertibleBlock> blocks,
        AdaptiveCoefficients? coefficients, Collective ranks)
    {
        (_backend, _engine, _solver) = (backend, engine, engine.Inverter);
        (_blocks, _coefficients, _ranks) = (blocks, coefficients, ranks);
        _tables = backend.IsAsynchronous && ranks.IsConcurrent ? ranks.Size : 1;
        _published = new double[_tables * blocks.Count];
        Shape places = new(Math.Max(1, _published.Length));
        _evaluations = backend.Memory.Allocate(places, ElementType.Float64, MemoryPurpose.Workspace);
        if (_tables > 1 && coefficients is not null)
        {
            _held = backend.Memory.Allocate(places, ElementType.Float32, MemoryPurpose.Workspace);
        }
        Fit();
    }

    /// <summary>Numbers that <see cref="Statistics"/> may have, whatever the plan is.</summary>
    public int Capacity => !_backend.IsAsynchronous ? 0 : _all.IsEmpty ? _solver.Capacity : (int)_all.Count;

    /// <summary>
    /// float64 [blocks, most evaluations, 2], or of several ranks [ranks · blocks, …]; empty where
    /// nothing is inverted.
    /// </summary>
    public Tensor Statistics => _all.IsEmpty || _solver.Plan.Most == 0
        ? _solver.Statistics
        : _all.Slice(0, new Shape(_published.Length, _solver.Plan.Most, 2));

    /// <summary>float64: planned evaluations of each block of <see cref="Statistics"/>.</summary>
    public Tensor Evaluations => _evaluations;

    /// <summary>
    /// float32: the coefficient of each block of <see cref="Statistics"/>; empty without.
    /// </summary>
    public Tensor Held => _held.IsEmpty ? _coefficients?.State ?? default : _held;

    /// <summary>Makes room after the settings of the inversion have grown.</summary>
    public void Fit()
    {
        long count = (long)_tables * _solver.Capacity;
        if (_tables == 1 || _all.Count >= count)
        {
            return;
        }
        _backend.Memory.TryFree(_all);
        _all = _backend.Memory.Allocate(new Shape(checked((int)count)), ElementType.Float64, MemoryPurpose.Workspace);
    }

    /// <summary>Brings the plan to the device, where it has changed.</summary>
    public void Publish()
    {
        if (_publishedVersion == _solver.Plan.Version || _published.Length == 0)
        {
            return;
        }
        _publishedVersion = _solver.Plan.Version;
        for (int place = 0; place < _published.Length; place++)
        {
            _published[place] = _solver.Plan.Evaluations[place % _blocks.Count];
        }
        _backend.Upload<double>(_published, _evaluations);
    }

    /// <summary>Begins to collect what a planned step has left on each rank.</summary>
    public void Share()
    {
        if (_all.IsEmpty || _solver.Plan.Most == 0)
        {
            return;
        }
        _ranks.BeginGather(_solver.Statistics, Statistics);
        if (!_held.IsEmpty)
        {
            _ranks.BeginGather(_coefficients!.State, _held);
        }
    }

    /// <summary>Records the inversions of a planned step, and plans the next one.</summary>
    /// <param name="statistics">Content of <see cref="Statistics"/>.</param>
    public void Judge(ReadOnlySpan<double> statistics)
    {
        EvaluationPlan plan = _solver.Plan;
        int stride = 2 * plan.Most;
        for (int block = 0; block < _blocks.Count; block++)
        {
            InversionRecord worst = default;
            for (int place = block; place < _published.Length; place += _blocks.Count)
            {
                ConvergenceTest test = new(_engine.Inversion, _blocks[block].Branch.LipschitzLimit);
                ReadOnlySpan<double> sums = statistics.Slice(place * stride, 2 * plan.Evaluations[block]);
                for (int i = 0; i < sums.Length; i += 2)
                {
                    test.Add(sums[i], sums[i + 1]);
                }
                if (test.Evaluations > 0)
                {
                    worst = worst.Worse(test.Record);
                    plan.Need(block, test.Needed());
                }
            }
            if (worst.Evaluations > 0)
            {
                _solver.Record(block, worst);
            }
        }
        plan.EndStep();
    }

    /// <summary>Frees the tables.</summary>
    public void Dispose()
    {
        _backend.Memory.TryFree(_all);
        _backend.Memory.TryFree(_held);
        _backend.Memory.Free(_evaluations);
    }
}
