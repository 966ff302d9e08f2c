using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Reversible;

/// <summary>
/// Convolutions as operators, matrices apart from the others: two tables, each of one operation on
/// many.
/// </summary>
internal sealed class OperatorTables : DeviceObject
{
    private readonly OperandTable<ConvolutionOperator>[] _tables;
    private readonly int[][] _starts;

    /// <param name="backend">The device.</param>
    /// <param name="owners">The operators of each owner, such as a branch; may be none.</param>
    /// <exception cref="ArenaExhaustedException">No memory for the tables.</exception>
    public OperatorTables(Backend backend, IReadOnlyList<ConvolutionOperator[]> owners)
        : base(backend)
    {
        _tables = new OperandTable<ConvolutionOperator>[2];
        _starts = new int[2][];
        for (int kind = 0; kind < _tables.Length; kind++)
        {
            bool matrices = kind == 0;
            int[] counts = [.. owners.Select(owner => owner.Count(entry => entry.IsMatrix == matrices))];
            _starts[kind] = [.. Enumerable.Range(0, owners.Count + 1).Select(owner => counts.Take(owner).Sum())];
            _tables[kind] = Own(new OperandTable<ConvolutionOperator>(
                backend, [.. owners.SelectMany(owner => owner).Where(entry => entry.IsMatrix == matrices)]));
        }
    }

    /// <summary>u = W v of all, or v = Wᵀu.</summary>
    public void Multiply(bool transposed)
    {
        foreach (OperandTable<ConvolutionOperator> table in _tables)
        {
            if (table.Count > 0)
            {
                Backend.Multiply(table, transposed);
            }
        }
    }

    /// <inheritdoc cref="Backend.AddGradients"/>
    /// <param name="first">The first owner.</param>
    /// <param name="count">Number of owners.</param>
    public void AddGradients(int first, int count)
    {
        for (int kind = 0; kind < _tables.Length; kind++)
        {
            int start = _starts[kind][first], end = _starts[kind][first + count];
            if (end > start)
            {
                Backend.AddGradients(_tables[kind], start, end - start);
            }
        }
    }
}
