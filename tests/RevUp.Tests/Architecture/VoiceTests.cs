namespace RevUp.Tests.Architecture;

/// <summary>Rules for the sentences of every file: comments, docs and messages.</summary>
[TestClass]
public sealed class VoiceTests
{
    private const int CommentWidth = 100;

    // In all files together: a few are quotations, or the plainest words there are.
    private const int MaximumAvoided = 20;

    private static readonly string[] s_extensions =
        ["", ".cmake", ".cpp", ".cs", ".cu", ".cuh", ".h", ".md", ".py", ".sh", ".yml"];

    [TestMethod]
    public void NoCommentIsWiderThan100Columns() =>
        AssertNone(
            from path in Sources()
            from line in Repository.Read(path).Split('\n').Index()
            where line.Item.TrimStart().StartsWith("//", StringComparison.Ordinal) && line.Item.Length > CommentWidth
            select $"{path}:{line.Index + 1} has {line.Item.Length} columns");

    [TestMethod]
    public void AvoidedPhrasesAreRare()
    {
        IReadOnlyList<string> files = Repository.Files(s_extensions);
        Assert.IsGreaterThan(50, files.Count);
        string[] found =
        [
            .. from path in files
               where !path.EndsWith("Architecture/VoiceTests.cs", StringComparison.Ordinal)
               from phrase in Phrases.Avoided(Repository.Read(path))
               select $"{path} has '{phrase}'",
        ];
        Assert.IsLessThanOrEqualTo(MaximumAvoided, found.Length, string.Join('\n', found));
    }

    [TestMethod]
    public void NoSummaryStartsWithWhat() =>
        AssertNone(
            from path in Sources()
            where !path.EndsWith("Architecture/VoiceTests.cs", StringComparison.Ordinal)
            from summary in Phrases.Headless(Repository.Read(path))
            select $"{path} has '{summary}'; start with a noun or a verb");

    [TestMethod]
    [DataRow("The time is that of a step.")]
    [DataRow("/// The time is that\n    /// of a step.")]
    [DataRow("\"The time is that \"\n    + $\"of {step}.\"")]
    [DataRow("# Likewise in scripts.")]
    public void AnAvoidedPhraseIsFound(string text) => Assert.HasCount(1, Phrases.Avoided(text));

    [TestMethod]
    [DataRow("/// <summary>What a step takes.</summary>", 1)]
    [DataRow("/// <summary>\n    /// What a step takes.\n    /// </summary>", 1)]
    [DataRow("/// <summary>Whatever a step takes.</summary>", 0)]
    public void AHeadlessSummaryIsFound(string code, int count) => Assert.HasCount(count, Phrases.Headless(code));

    private static IReadOnlyList<string> Sources()
    {
        IReadOnlyList<string> files = Repository.Files(".cs");
        Assert.IsGreaterThan(50, files.Count);
        return files;
    }

    private static void AssertNone(IEnumerable<string> offenders)
    {
        string[] list = [.. offenders];
        Assert.IsEmpty(list, string.Join('\n', list));
    }
}
