using RevUp.Backends;
using RevUp.Layers;
using RevUp.Tensors;

namespace RevUp.Reversible;

/// <summary>
/// Work on the factors and weights of several branches: the factors before a step, and behind a
/// branch's backward pass the end of its weights' gradients, the gradients of its factors and,
/// through σ, of its weights again.
/// </summary>
/// <remarks>
/// Where the device gathers small operations (<see cref="Backend.Gathers"/>), the work of a
/// network's branches waits for <see cref="Finish"/>, and is a few launches for all. The results of
/// wgrad wait as well, in workspace of the size of the weights. Elsewhere each branch's work is
/// done at once.
/// </remarks>
/// <param name="backend">The device.</param>
/// <param name="waits">
/// Whether somebody calls <see cref="Finish"/>: false for a branch on its own.
/// </param>
internal sealed class BranchWork(Backend backend, bool waits) : DeviceObject(backend)
{
    private readonly bool _waits = waits && backend.Gathers;
    private readonly List<BranchControl> _branches = [];
    private OperandTable<BranchOperands>? _factors;
    private OperatorTables? _operators;
    private OperandTable<WeightGradient>? _weights;
    private WeightGradient[][] _gradients = []; // of each branch
    private int[] _starts = []; // of each branch's weights, and the end

    // Branches whose work waits, and whether the results of their wgrad do.
    private int _first;
    private int _end;
    private bool _hasRaw;

    /// <summary>
    /// Declares a branch, before the first <see cref="Prepare"/>; returns its place.
    /// </summary>
    public int Add(BranchControl branch)
    {
        _branches.Add(branch);
        return _branches.Count - 1;
    }

    /// <summary>Computes the factors of all branches from the norms as they are.</summary>
    /// <exception cref="ArenaExhaustedException">
    /// The first time: no memory for the tables, or for the results of wgrad.
    /// </exception>
    public void Prepare(NetworkUse use)
    {
        if (_factors is null)
        {
            _factors = Own(new OperandTable<BranchOperands>(
                Backend, [.. _branches.Select(branch => branch.Operands)]));
            _operators = Own(new OperatorTables(Backend, [.. _branches.Select(branch => branch.Operators)]));
        }
        if (use == NetworkUse.Training && _waits && _weights is null)
        {
            _gradients = [.. _branches.Select(branch => branch.Gradients(Raw))];
            _starts = [.. Enumerable.Range(0, _gradients.Length + 1).Select(
                branch => _gradients.Take(branch).Sum(gradients => gradients.Length))];
            _weights = Own(new OperandTable<WeightGradient>(Backend, [.. _gradients.SelectMany(all => all)]));
        }
        if (_factors.Count > 0)
        {
            Backend.BranchScaleForward(_factors);
        }
    }

    /// <summary>
    /// Where the result of wgrad of convolution <paramref name="j"/> of a branch waits; empty where
    /// it ends at once.
    /// </summary>
    public Tensor RawOf(int branch, int j) => _weights is null ? default : _gradients[branch][j].Raw;

    /// <summary>
    /// Takes the work of a branch whose backward pass is through.
    /// </summary>
    /// <param name="branch">Its place.</param>
    /// <param name="hasRaw">
    /// Whether the results of wgrad wait where <see cref="RawOf"/> says; if not, they have ended.
    /// </param>
    public void End(int branch, bool hasRaw)
    {
        // A run of branches, from the last one down.
        if (_first != branch + 1 || _hasRaw != hasRaw)
        {
            Finish();
            _end = branch + 1;
        }
        (_first, _hasRaw) = (branch, hasRaw);
        if (!_waits)
        {
            Finish();
        }
    }

    /// <summary>Does the work that waits: the branches' gradients are complete.</summary>
    public void Finish()
    {
        int first = _first, count = _end - _first;
        Forget();
        if (count <= 0)
        {
            return;
        }
        if (_hasRaw)
        {
            Backend.EndWeights(_weights!, _starts[first], _starts[first + count] - _starts[first]);
        }
        Backend.BranchScaleBackward(_factors!, first, count);
        _operators!.AddGradients(first, count);
    }

    /// <summary>Forgets the work of a pass that failed.</summary>
    public void Forget() => _first = _end = 0;

    private Tensor Raw(Convolution convolution) => Own(
        convolution.Weight.Shape, Backend.GradientType(convolution.Sample), MemoryPurpose.Workspace);
}
