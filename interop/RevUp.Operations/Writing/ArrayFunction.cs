namespace RevUp.Operations.Writing;

/// <summary>
/// A method of the tests that does an operation on arrays. Inputs and updated arrays are
/// parameters; written arrays are the result.
/// </summary>
internal abstract class ArrayFunction(Operation operation, IReadOnlyList<Argument> arguments)
{
    private readonly List<string> _parameters = [];
    private readonly List<(string Type, string Name, string Value)> _results = [];

    protected Operation Operation { get; } = operation;

    protected IReadOnlyList<Argument> Arguments { get; } = arguments;

    protected ArraySizes Sizes { get; } = new(operation, arguments);

    /// <summary>Expression for an argument in the call.</summary>
    protected List<string> Call { get; } = [];

    protected StringBuilder Body { get; } = new();

    /// <summary>The whole method.</summary>
    public string Write()
    {
        foreach (Argument argument in Arguments)
        {
            Add(argument);
        }
        Finish();
        string type = _results.Count == 1
            ? _results[0].Type
            : $"({string.Join(", ", _results.Select(result => $"{result.Type} {result.Name}"))})";
        string value = string.Join(", ", _results.Select(result => result.Value));
        StringBuilder text = new(
            $"    internal {Modifier}{type} {Operation.Pascal}({string.Join(", ", _parameters)})\n    {{\n");
        foreach ((string size, string solution) in Sizes.Solved)
        {
            text.Append($"        long {Names.Camel(size)} = {solution};\n");
        }
        text.Append(Body);
        return text.Append($"        return {(_results.Count == 1 ? value : $"({value})")};\n    }}\n").ToString();
    }

    protected abstract string Modifier { get; }

    /// <summary>Adds an argument to the method.</summary>
    protected abstract void Add(Argument argument);

    /// <summary>Adds the call.</summary>
    protected abstract void Finish();

    protected void Parameter(string type, string name) => _parameters.Add($"{type} {name}");

    protected void Result(string type, Argument argument, string value) =>
        _results.Add((type, Names.Pascal(argument.Name), value));

    /// <summary>"withGradient": whether a caller wants an output.</summary>
    protected static string With(Argument argument) => "with" + Names.Pascal(argument.Name);
}
