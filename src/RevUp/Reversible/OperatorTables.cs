using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Reversible;

/// <summary>
/// Convolutions as operators in three tables: matrices, other small ones, and large ones. A product
/// of either of the first two is one operation on many.
/// </summary>
internal sealed class OperatorTables : DeviceObject
{
    private const int Matrices = 0;
    private const int Small = 1;
    private const int Large = 2;
    private const int Kinds = 3;

    private readonly OperandTable<ConvolutionOperator>[] _tables;
    private readonly int[][] _starts;

    /// <param name="backend">The device.</param>
    /// <param name="owners">The operators of each owner, such as a branch; may be none.</param>
    /// <exception cref="ArenaExhaustedException">No memory for the tables.</exception>
    public OperatorTables(Backend backend, IReadOnlyList<ConvolutionOperator[]> owners)
        : base(backend)
    {
        _tables = new OperandTable<ConvolutionOperator>[Kinds];
        _starts = new int[Kinds][];
        for (int kind = 0; kind < Kinds; kind++)
        {
            int[] counts = [.. owners.Select(owner => owner.Count(entry => KindOf(entry) == kind))];
            _starts[kind] = [.. Enumerable.Range(0, owners.Count + 1).Select(owner => counts.Take(owner).Sum())];
            _tables[kind] = Own(new OperandTable<ConvolutionOperator>(
                backend, [.. owners.SelectMany(owner => owner).Where(entry => KindOf(entry) == kind)]));
        }
    }

    /// <summary>u = W v of all, or v = Wᵀu.</summary>
    public void Multiply(bool transposed)
    {
        for (int kind = 0; kind < Kinds; kind++)
        {
            if (_tables[kind].Count == 0)
            {
                continue;
            }
            if (kind == Large)
            {
                Backend.MultiplyEach(_tables[kind], transposed);
            }
            else
            {
                Backend.Multiply(_tables[kind], transposed);
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
            if (end == start)
            {
                continue;
            }
            if (kind == Large)
            {
                Backend.AddGradientOfEach(_tables[kind], start, end - start);
            }
            else
            {
                Backend.AddGradients(_tables[kind], start, end - start);
            }
        }
    }

    private static int KindOf(ConvolutionOperator entry) => entry.IsMatrix ? Matrices : entry.IsLarge ? Large : Small;
}
