namespace RevUp.Data;

/// <summary>Counts by sort what no sample was made of, and keeps the first names of each.</summary>
internal sealed class DataFindings
{
    private const int Shown = 5;

    private readonly List<(string What, bool IsProblem)> _order = [];
    private readonly Dictionary<string, (int Count, List<string> Examples)> _found = [];

    /// <summary>Notes one that may be a lost sample.</summary>
    public void AddProblem(string what, string name) => Add(what, isProblem: true, name);

    /// <summary>Notes one that never was to be a sample.</summary>
    public void AddSkipped(string what, string name) => Add(what, isProblem: false, name);

    /// <summary>All sorts: problems first, then in the order in which they were met.</summary>
    public IReadOnlyList<DataFinding> ToList() =>
    [
        .. _order.OrderBy(sort => !sort.IsProblem)
            .Select(sort => (Sort: sort, Found: _found[sort.What]))
            .Select(
                pair => new DataFinding(pair.Sort.What, pair.Sort.IsProblem, pair.Found.Count, pair.Found.Examples)),
    ];

    private void Add(string what, bool isProblem, string name)
    {
        if (!_found.TryGetValue(what, out (int Count, List<string> Examples) found))
        {
            found = (0, []);
            _order.Add((what, isProblem));
        }
        if (found.Count < Shown)
        {
            found.Examples.Add(PrintableText.Of(name));
        }
        _found[what] = (found.Count + 1, found.Examples);
    }
}
