using System.Text.RegularExpressions;

namespace RevUp.Cli;

/// <summary>
/// The names of .NET's number types in messages of the command-line parser, in words.
/// </summary>
internal static partial class NumberName
{
    /// <summary>
    /// The message, with "as expected type 'System.Int32'" as "as a whole number".
    /// </summary>
    public static string In(string message) =>
        ExpectedType().Replace(message, match => Words(match.Groups["type"].Value) ?? match.Value);

    private static string? Words(string type) => type switch
    {
        "UInt64" or "UInt32" or "Byte" => "as a whole number from 0",
        "Int64" or "Int32" or "Int16" => "as a whole number",
        "Double" or "Single" => "as a number",
        "Boolean" => "as true or false",
        _ => null,
    };

    [GeneratedRegex(@"as expected type '(System\.Nullable`1\[)?System\.(?<type>\w+)\]?'")]
    private static partial Regex ExpectedType();
}
