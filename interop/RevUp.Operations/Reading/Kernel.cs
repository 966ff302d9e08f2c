namespace RevUp.Operations.Reading;

/// <summary>A kernel of native/cuda, with all its variants.</summary>
/// <param name="Name">Without what its macro pastes: "residual_add".</param>
/// <param name="Variants">Parameters of its macro, in the order of the suffixes.</param>
/// <param name="Exports">Names that the driver finds; the last parameter varies fastest.</param>
/// <param name="Values">The values of each macro parameter, in order.</param>
/// <param name="Parameters">In order.</param>
/// <param name="Geometry">The first clause of the header's field: "Elementwise over y".</param>
internal sealed record Kernel(
    string Name,
    IReadOnlyList<string> Variants,
    IReadOnlyList<string> Exports,
    IReadOnlyList<IReadOnlyList<string>> Values,
    IReadOnlyList<CParameter> Parameters,
    string Geometry)
{
    private static readonly Regex s_export = new(@"^ *KERNEL_EXPORT\((?<name>[\w#]+)\)", RegexOptions.Multiline);
    private static readonly Regex s_geometry = new(@"Geometry: (?<text>(?:[^\n]|\n// )*)");
    private static readonly Regex s_macro =
        new(@"^#define (?<name>\w+)\((?<parameters>[^)]*)\)", RegexOptions.Multiline);
    private static readonly Regex s_signature = new(
        @"__global__ void *(?:__launch_bounds__\([^)]*\))?\s*(?://[^\n]*)?\s*[\w#]+\((?<parameters>[^)]*)\)");

    /// <summary>Whether the header says over what the kernel is launched.</summary>
    public bool IsLaunchable =>
        Geometry.Contains(" over ") || Geometry.StartsWith("One block of ", StringComparison.Ordinal);

    /// <summary>The kernels that a file exports.</summary>
    public static IEnumerable<Kernel> Read(string path, string text)
    {
        int start = 0;
        foreach (Match export in s_export.Matches(text))
        {
            // From the export before, with the comment, the macro and the definition.
            string part = Regex.Replace(text.Substring(start, export.Index - start), @" *\\\n", "\n");
            string name = export.Groups["name"].Value;
            start = export.Index + export.Length;
            Match signature = s_signature.Match(part);
            if (!signature.Success)
            {
                throw new UnreadableException($"{path}: there is no kernel above KERNEL_EXPORT({name}); put it there.");
            }
            string list = Regex.Replace(signature.Groups["parameters"].Value, @"\s+", " ");
            Match? geometry = s_geometry.Matches(part).Cast<Match>().LastOrDefault();
            Kernel kernel = new(
                name, [], [name], [], [.. CSource.Parameters(path, list)],
                Names.Clause(geometry?.Groups["text"].Value.Replace("\n// ", " ") ?? ""));
            yield return name.Contains("##")
                ? kernel.WithVariants(path, text, s_macro.Matches(part).Cast<Match>().Last())
                : kernel;
        }
    }

    // The calls of its macro give the variants.
    private Kernel WithVariants(string path, string text, Match macro)
    {
        string[] parts = [.. Regex.Split(Name, "_?##_?").Where(part => part.Length > 0)];
        string[] order = List(macro.Groups["parameters"].Value);
        int[] places = [.. parts.Skip(1).Select(variant => Array.IndexOf(order, variant))];
        Regex call = new($@"^{macro.Groups["name"].Value}\((?<values>[^)]*)\)", RegexOptions.Multiline);
        string[][] calls = [.. call.Matches(text).Cast<Match>().Select(match => List(match.Groups["values"].Value))];
        string[][] values = [.. places.Select(place => calls.Select(call => call[place]).Distinct().ToArray())];
        string[] exports =
            [.. calls.Select(call => string.Join("_", [parts[0], .. places.Select(place => call[place])]))];
        if (!exports.SequenceEqual(Combinations(parts[0], values)))
        {
            throw new UnreadableException(
                $"{path}: {parts[0]} lacks variants or has them in another order; call its macro for each combination, "
                + "the last parameter varying fastest.");
        }
        return this with { Name = parts[0], Variants = [.. parts.Skip(1)], Exports = exports, Values = values };
    }

    private static IEnumerable<string> Combinations(string name, IEnumerable<string[]> values) => values.Aggregate(
        (IEnumerable<string>)[name],
        (names, choices) => names.SelectMany(start => choices.Select(choice => $"{start}_{choice}")));

    private static string[] List(string text) => [.. text.Split(',').Select(part => part.Trim())];
}
