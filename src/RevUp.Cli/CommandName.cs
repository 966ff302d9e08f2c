using System.Buffers;

namespace RevUp.Cli;

/// <summary>How the user called this tool, for the commands that it prints.</summary>
internal static class CommandName
{
    private static readonly SearchValues<char> s_plain = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,+@%");

    /// <summary>
    /// The launcher's path as it was typed, which the launcher passes on; "revup" without a
    /// launcher.
    /// </summary>
    public static string Value { get; } = Quote(
        Environment.GetEnvironmentVariable("REVUP_COMMAND") is { Length: > 0 } name ? name : "revup");

    /// <summary>A command line that a POSIX shell splits into these words again.</summary>
    public static string Line(IEnumerable<string> words) => string.Join(' ', words.Select(Quote).Prepend(Value));

    private static string Quote(string word) =>
        word.Length > 0 && !word.AsSpan().ContainsAnyExcept(s_plain) ? word : $"'{word.Replace("'", @"'\''")}'";
}
