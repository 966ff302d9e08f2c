namespace RevUp.Operations.Reading;

/// <summary>
/// The lines of a comment that begin with @, items with ";" between them. "x, y? [rows, channels]"
/// gives shapes; "?" marks what may be null, "+" what is updated. "y may be x, z" gives aliases,
/// "bits is 4 or 8" values, and "inputs at least 1" excludes 0. "x at any element" lifts the
/// alignment of tensors. "internal" keeps the operation from embedders.
/// </summary>
internal sealed class Description
{
    private static readonly Regex s_shape = new(@"^(?<names>[\w?+, ]+) \[(?<sizes>[^\]]*)\]$");
    private static readonly Regex s_alias = new(@"^(?<name>\w+) may be (?<others>[\w, ]+)$");
    private static readonly Regex s_values = new(@"^(?<name>\w+) is (?<values>-?\w+(?: or -?\w+)+)$");
    private static readonly Regex s_positive = new(@"^(?<names>[\w, ]+) at least 1$");
    private static readonly Regex s_elements = new(@"^(?<names>[\w, ]+) at any element$");

    private readonly Dictionary<string, (string[] Sizes, bool IsOptional, bool IsUpdated)> _shapes = [];
    private readonly Dictionary<string, string[]> _aliases = [];
    private readonly Dictionary<string, string[]> _values = [];
    private readonly HashSet<string> _positive = [];
    private readonly HashSet<string> _elements = [];

    /// <summary>Whether RevUp alone calls the operation.</summary>
    public bool IsInternal { get; private set; }

    public IEnumerable<string> Names =>
        _shapes.Keys.Concat(_aliases.Keys).Concat(_values.Keys).Concat(_positive).Concat(_elements);

    public bool Describes(string name) => _shapes.ContainsKey(name);

    public bool HasSize(string name) =>
        _shapes.Values.Any(shape => shape.Sizes.Any(size => Regex.IsMatch(size, $@"\b{name}\b")));

    public static Description Read(string function, string text)
    {
        Description result = new();
        foreach (string item in text.Split(';').Select(item => item.Trim()).Where(item => item.Length > 0))
        {
            result.Add(function, item);
        }
        return result;
    }

    public Argument Argument(CParameter parameter, Role role)
    {
        bool isDescribed =
            _shapes.TryGetValue(parameter.Name, out (string[] Sizes, bool IsOptional, bool IsUpdated) shape);
        return new Argument(parameter, role)
        {
            Sizes = isDescribed ? shape.Sizes : [],
            IsOptional = shape.IsOptional,
            IsUpdated = shape.IsUpdated,
            Aliases = _aliases.TryGetValue(parameter.Name, out string[]? others) ? others : [],
            Values = _values.TryGetValue(parameter.Name, out string[]? values) ? values : [],
            IsPositive = _positive.Contains(parameter.Name),
            IsOfElements = _elements.Contains(parameter.Name),
        };
    }

    private void Add(string function, string item)
    {
        if (item == "internal")
        {
            IsInternal = true;
        }
        else if (s_shape.Match(item) is { Success: true } shape)
        {
            string[] sizes = List(shape.Groups["sizes"].Value);
            foreach (string name in List(shape.Groups["names"].Value))
            {
                _shapes.Add(name.TrimEnd('?', '+'), (sizes, name.Contains('?'), name.Contains('+')));
            }
        }
        else if (s_alias.Match(item) is { Success: true } alias)
        {
            _aliases.Add(alias.Groups["name"].Value, List(alias.Groups["others"].Value));
        }
        else if (s_values.Match(item) is { Success: true } values)
        {
            _values.Add(values.Groups["name"].Value, Regex.Split(values.Groups["values"].Value, " or "));
        }
        else if (s_positive.Match(item) is { Success: true } positive)
        {
            _positive.UnionWith(List(positive.Groups["names"].Value));
        }
        else if (s_elements.Match(item) is { Success: true } elements)
        {
            _elements.UnionWith(List(elements.Groups["names"].Value));
        }
        else
        {
            throw new UnreadableException(
                $"{function}: '{item}' of its description cannot be read; revup_cpu.h begins with the rules.");
        }
    }

    private static string[] List(string text) =>
        [.. text.Split(',').Select(part => part.Trim()).Where(part => part.Length > 0)];
}
