namespace RevUp.Operations.Writing;

/// <summary>
/// The sizes of an operation on arrays. Some follow from the lengths of arrays; a caller gives the
/// others.
/// </summary>
internal sealed class ArraySizes
{
    private readonly List<(string Size, string Value)> _solved = [];

    /// <param name="operation">The operation.</param>
    /// <param name="arguments">Its arguments, or its oracle's.</param>
    public ArraySizes(Operation operation, IReadOnlyList<Argument> arguments)
    {
        string[] parameters =
            [.. arguments.Where(argument => argument.Role == Role.Size).Select(argument => argument.Name)];
        string[] free =
            [.. arguments.SelectMany(argument => argument.Sizes).Where(IsFree).Distinct().Except(parameters)];
        Argument[] arrays = [.. arguments.Where(IsAlwaysThere)];
        HashSet<string> unknown = [.. parameters, .. free];
        while (unknown.Count > 0)
        {
            if (arrays.Select(array => Solution(array, unknown)).FirstOrDefault(found => found is not null)
                is { } solution)
            {
                unknown.Remove(solution.Size);
                _solved.Add(solution);
            }
            else if (parameters.FirstOrDefault(unknown.Contains) is { } given)
            {
                unknown.Remove(given);
            }
            else
            {
                throw new UnreadableException(
                    $"{operation.Function.Name}: no array that is always there has the size '{unknown.First()}'; "
                    + "describe one.");
            }
        }

        bool IsFree(string size) =>
            size != "shape" && operation.Find(size) is null && Regex.IsMatch(size, @"^[a-z]\w*$");
    }

    /// <summary>Sizes with their expressions, in the order in which one may need another.</summary>
    public IEnumerable<(string Size, string Value)> Solved => _solved;

    /// <summary>Whether a caller gives it.</summary>
    public bool IsGiven(string size) => _solved.All(solved => solved.Size != size);

    /// <summary>The C# expression of an array's shape.</summary>
    public static string Shape(Argument argument)
    {
        if (argument.IsScalar)
        {
            return "new Shape(1)";
        }
        if (IsOfShape(argument))
        {
            Match made = Regex.Match(argument.Sizes[0], @"^(?<function>\w+)\(shape\)$");
            string channels = string.Concat(argument.Sizes.Skip(1).Select(size => $", {Names.CamelAll(size)}"));
            return $"Shapes.{(made.Success ? Names.Pascal(made.Groups["function"].Value) : "Activations")}"
                + $"(shape{channels})";
        }
        return $"Shapes.Of({string.Join(", ", argument.Sizes.Select(Names.CamelAll))})";
    }

    /// <summary>The C# expression of an array's length.</summary>
    public static string Length(Argument argument) => IsOfShape(argument)
        ? $"(int){Shape(argument)}.Count"
        : string.Join(" * ", argument.Sizes.Select(size => $"({Names.CamelAll(size)})"));

    private static bool IsOfShape(Argument argument) =>
        argument.Sizes.Count > 0 && Regex.IsMatch(argument.Sizes[0], @"^(\w+\()?shape\)?$");

    private static bool IsAlwaysThere(Argument argument) =>
        argument is { Role: Role.Tensor, IsOptional: false, IsScalar: false }
        && (argument.IsInput || argument.IsUpdated);

    // An array with a single unknown size, which occurs once, gives it.
    private static (string Size, string Value)? Solution(Argument array, HashSet<string> unknown)
    {
        string[] open = [.. array.Sizes.SelectMany(Identifiers).Where(unknown.Contains)];
        if (open.Length != 1 || IsOfShape(array))
        {
            return null;
        }
        string own = array.Sizes.Single(size => Identifiers(size).Contains(open[0]));
        Match linear = Regex.Match(own, @"^(?:(?<offset>\d+) \+ )?(?:(?<factor>\d+) \* )?\w+$");
        if (!linear.Success)
        {
            return null;
        }
        string length = array.Camel + (array.Parameter.Type == "void" ? ".Count" : ".Length");
        string offset = linear.Groups["offset"].Success ? $" - {linear.Groups["offset"].Value}" : "";
        List<string> divisors = [.. array.Sizes.Where(size => size != own).Select(size => $"({Names.CamelAll(size)})")];
        if (linear.Groups["factor"].Success)
        {
            divisors.Add(linear.Groups["factor"].Value);
        }
        string divisor = string.Join(" * ", divisors);
        return (open[0], divisor.Length == 0 ? length + offset : $"Shapes.Quotient({length}{offset}, {divisor})");
    }

    private static IEnumerable<string> Identifiers(string text) =>
        Regex.Matches(text, @"[A-Za-z_]\w*").Cast<Match>().Select(match => match.Value);
}
