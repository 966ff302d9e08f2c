namespace RevUp.Operations.Writing;

/// <summary>An operation as a method on tensors, whose shapes give its sizes.</summary>
internal sealed class Calls(Operation operation, IReadOnlyDictionary<string, string[]> structures)
{
    private static readonly Regex s_linear =
        new(@"^(?:(?<offset>\d+) \+ )?(?:(?<factor>\d+) \* )?(?<name>\w+)$");

    public Operation Operation { get; } = operation;

    /// <summary>The operations that are methods of a backend.</summary>
    public static Calls[] Of(NativeSources sources) =>
        [.. sources.Operations.Where(operation => operation.IsOfBackend)
            .Select(operation => new Calls(operation, sources.Structures))];

    /// <summary>Arguments that a caller gives: all but sizes, types and shapes.</summary>
    public IEnumerable<Argument> Given =>
        Operation.Arguments.Where(argument => argument.Role is Role.Tensor or Role.Number or Role.Structure);

    /// <summary>Structures among them, which are passed by reference.</summary>
    public IEnumerable<Argument> References => Given.Where(argument => argument.Role == Role.Structure);

    /// <summary>"Tensor x, Tensor y".</summary>
    public string Parameters => string.Join(", ", Given.Select(argument => $"{TypeOf(argument)} {argument.Camel}"));

    /// <summary>Copies of the structures, of which the address or a closure can be taken.</summary>
    public string Copies => string.Concat(References.Select(
        argument => $"        {CSharp.Name(argument.Parameter.Type)} {argument.Camel}Copy = {argument.Camel};\n"));

    /// <summary>The summary, and the description of each tensor.</summary>
    public string Documentation =>
        CSharp.Summary(Operation.Function).Replace("null", "empty") + string.Concat(Operation.Tensors.Select(Document));

    /// <summary>The tensor whose shape is "[shape]".</summary>
    public Argument Shaped => Operation.Tensors.FirstOrDefault(tensor => tensor.Sizes.SequenceEqual(["shape"]))
        ?? throw new UnreadableException(
            $"{Operation.Function.Name}: it takes a shape, and no tensor is described as [shape]; describe one.");

    /// <summary>The expression of a size, from the shape of a tensor that has it.</summary>
    public string Size(string name)
    {
        // A tensor with most sizes as they are has its extents in place. Bytes are flat, and
        // another tensor may be.
        IEnumerable<Argument> tensors = Operation.Tensors
            .OrderBy(tensor => tensor.IsOptional || tensor.Parameter.Type == "uint8_t")
            .ThenByDescending(
                tensor => tensor.Sizes.Count(size => size == "count" || Operation.Find(size) is not null));
        if (tensors.FirstOrDefault(tensor => tensor.Sizes.Contains(name)) is { } exact)
        {
            int place = exact.Sizes.TakeWhile(size => size != name).Count();
            return SizeOf(exact.Camel, name, place, exact.Sizes.Count);
        }
        foreach (Argument tensor in tensors.Where(tensor => tensor.Sizes.Count == 1))
        {
            Match linear = s_linear.Match(tensor.Sizes[0]);
            if (linear.Success && linear.Groups["name"].Value == name)
            {
                return $"({tensor.Camel}.Count - {Or(linear, "offset", "0")}) / {Or(linear, "factor", "1")}";
            }
        }
        throw new UnreadableException(
            $"{Operation.Function.Name}: no tensor has the size '{name}'; describe one that does.");
    }

    /// <summary>The field of a structure among the arguments, or null.</summary>
    public string? Field(string name) => References
        .Where(argument => structures[argument.Parameter.Type].Contains(name))
        .Select(argument => $"{argument.Camel}.{Names.Pascal(name)}").FirstOrDefault();

    private static string Or(Match match, string group, string other) =>
        match.Groups[group].Success ? match.Groups[group].Value : other;

    // Some names collapse extents, as the head of revup_cpu.h says; others are one extent.
    private static string SizeOf(string tensor, string name, int place, int count) => name switch
    {
        "count" => $"{tensor}.Count",
        "rows" => $"Rows({tensor})",
        "positions" => $"{tensor}.Shape.Positions",
        _ when place == 0 => $"Size({tensor}, 0)",
        _ when place == count - 1 => $"{tensor}.Shape.Channels",
        _ => $"Size({tensor}, {place})",
    };

    private static string TypeOf(Argument argument) => argument.Role switch
    {
        Role.Tensor => "Tensor",
        Role.Structure => "in " + CSharp.Name(argument.Parameter.Type),
        _ when CSharp.IsEnumeration(argument.Parameter) => CSharp.Name(argument.Parameter.Type),
        _ => CSharp.Type(argument.Parameter.Type),
    };

    private static string Document(Argument tensor)
    {
        string use = tensor.IsUpdated ? "Updated" : tensor.IsOutput ? "Output" : "Input";
        string shape = tensor.IsScalar ? "scalar" : $"[{string.Join(", ", tensor.Sizes)}]";
        string type = tensor.Parameter.Type switch
        {
            "void" => "float32 or bfloat16",
            "float" => "float32",
            "uint8_t" => "bytes",
            "uint16_t" => "uint16",
            "revup_bfloat16" => "bfloat16",
            _ => "float64",
        };
        string optional = tensor.IsOptional ? "; may be empty" : "";
        return $"    /// <param name=\"{tensor.Camel}\">{use}, {shape}, {type}{optional}.</param>\n";
    }
}
