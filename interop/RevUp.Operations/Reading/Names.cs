namespace RevUp.Operations.Reading;

/// <summary>snake_case of C in the casings of C#.</summary>
internal static class Names
{
    /// <summary>"batch_norm" → "BatchNorm".</summary>
    public static string Pascal(string name) => string.Concat(
        name.Split('_').Where(part => part.Length > 0)
            .Select(part => char.ToUpperInvariant(part[0]) + part.Substring(1)));

    /// <summary>"running_mean" → "runningMean".</summary>
    public static string Camel(string name) => char.ToLowerInvariant(name[0]) + Pascal(name).Substring(1);

    /// <summary>An expression with its identifiers in camelCase.</summary>
    public static string CamelAll(string expression) =>
        Regex.Replace(expression, @"[a-z_]\w*", match => Camel(match.Value));

    /// <summary>The first part of a text that ends with "; " or ". ", or all of it.</summary>
    public static string Clause(string text) => text.Split([";", ". "], StringSplitOptions.None)[0].TrimEnd('.');
}
