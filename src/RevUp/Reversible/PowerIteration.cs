using RevUp.Backends;
using RevUp.Interop.Nvtx;
using RevUp.Layers;
using RevUp.Tensors;

namespace RevUp.Reversible;

/// <summary>
/// The power iterations of all convolutions of a network, side by side: v ← unit(Wᵀu) of each, then
/// u ← unit(Wv) of each, σ = ‖Wv‖.
/// </summary>
/// <remarks>
/// A zero convolution (Fixup's last one at the start) gives σ = 0 and random vectors, so that the
/// estimate starts as soon as the weights do. A convolution and a seed always give the same
/// vectors.
/// The work of a step does not depend on its number: it can be recorded once and replayed.
/// </remarks>
internal sealed class PowerIteration : DeviceObject
{
    private const int EntryLength = 3;

    private readonly int _count;
    private readonly OperatorTables? _operators;
    private readonly ParameterStore _store;
    private readonly Tensor _buffer;
    private readonly ulong _seed;
    private readonly Tensor _tables;
    private readonly long _longest;

    /// <param name="backend">The device.</param>
    /// <param name="store">Built; what the norms were declared in.</param>
    /// <param name="norms">
    /// Those to iterate, each with the scalar, part of the store's state, that takes σ; may be
    /// none.
    /// </param>
    /// <param name="seed">Seed of new vectors.</param>
    /// <exception cref="ArenaExhaustedException">No memory for the table of vectors.</exception>
    public PowerIteration(
        Backend backend, ParameterStore store, IEnumerable<(SpectralNorm Norm, Tensor Sigma)> norms, ulong seed)
        : base(backend)
    {
        ArgumentNullException.ThrowIfNull(store);
        (SpectralNorm Norm, Tensor Sigma)[] entries = [.. norms];
        _count = entries.Length;
        (_store, _buffer) = (store, store.StateValues);
        // Networks with neighbouring seeds draw from distant ones, since every vector adds its
        // number.
        _seed = unchecked(seed * 0x9E3779B97F4A7C15);
        if (_count == 0)
        {
            return;
        }
        _operators = Own(new OperatorTables(backend, [[.. entries.Select(entry => entry.Norm.Operator())]]));
        double[] tables =
        [
            .. entries.SelectMany(entry => Entry(entry.Norm.V, entry.Sigma)),
            .. entries.SelectMany(entry => Entry(entry.Norm.U, entry.Sigma)),
        ];
        _longest = entries.Max(entry => Math.Max(entry.Norm.U.Count, entry.Norm.V.Count));
        _tables = Own(new Shape(2, _count, EntryLength), ElementType.Float64, MemoryPurpose.Workspace);
        backend.Upload<double>(tables, _tables);
    }

    /// <summary>
    /// Runs iterations on the current weights and leaves u, v and σ until the next call.
    /// </summary>
    public void Iterate(int iterations)
    {
        RequireOpen();
        _store.RequireOpen();
        if (iterations == 0 || _operators is null)
        {
            return;
        }
        using NvtxRange range = Backend.Range(ProfilerRanges.PowerIteration);
        for (int i = 0; i < iterations; i++)
        {
            _operators.Multiply(transposed: true);
            Normalize(half: 0);
            _operators.Multiply(transposed: false);
            Normalize(half: 1);
        }
    }

    private void Normalize(int half)
    {
        Tensor table = _tables.Slice((long)half * _count * EntryLength, new Shape(_count, EntryLength));
        Backend.NormalizeAll(table, _longest, draws: 1, unchecked(_seed + (ulong)(half * _count)), _buffer);
    }

    // As Backend.NormalizeAll reads it.
    private IEnumerable<double> Entry(Tensor vector, Tensor sigma) => [Index(vector), vector.Count, Index(sigma)];

    private double Index(Tensor part) => (part.Address - _buffer.Address) / sizeof(float);
}
