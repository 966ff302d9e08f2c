namespace RevUp.Tests.Architecture;

/// <summary>
/// Rules for every source file: its size, its width, and no trace of its author's machine.
/// </summary>
[TestClass]
public sealed partial class SourceTests
{
    private const int MaximumLines = 400;

    private static readonly string[] s_codeExtensions = [".cs", ".cpp", ".h", ".cu", ".cuh", ".cmake", ".py", ".sh"];

    // Where a reader of the sources may be sent. A host is added here on purpose; package
    // registries and mirrors never are.
    private static readonly HashSet<string> s_hosts =
    [
        "arxiv.org", "doi.org", "github.com", "dotnet.microsoft.com", "learn.microsoft.com", "oneapi-src.github.io",
        "www.cs.toronto.edu",
    ];

    [TestMethod]
    public void NoFileIsLongerThan400Lines()
    {
        IReadOnlyList<string> files = Repository.Files(s_codeExtensions);
        Assert.IsGreaterThan(50, files.Count);
        AssertNone(files.Select(path => (path, lines: Repository.Read(path).Count(character => character == '\n')))
            .Where(file => file.lines > MaximumLines).Select(file => $"{file.path} has {file.lines} lines"));
    }

    [TestMethod]
    [DataRow(120, ".cs", ".cpp", ".h", ".cu", ".cuh")]
    [DataRow(140, ".py")]
    public void NoLineIsWiderThanTheFormatterAllows(int width, params string[] extensions)
    {
        IReadOnlyList<string> files = Repository.Files(extensions);
        Assert.IsGreaterThan(10, files.Count);
        AssertNone(
            Lines(files).Where(line => line.Text.Length > width)
                .Select(line => $"{line.Place} has {line.Text.Length} columns"));
    }

    [TestMethod]
    public void NoFileNamesAFolderOfItsAuthorsMachine() =>
        AssertNone(
            Lines(TextFiles()).Where(line => MachinePath().IsMatch(line.Text))
                .Select(line => $"{line.Place}: {line.Text.Trim()}"));

    [TestMethod]
    public void NoFileNamesAHostThatIsNotPublicDocumentation() =>
        AssertNone(Lines(TextFiles()).SelectMany(
            line => Host().Matches(line.Text).Select(match => (line.Place, host: match.Groups["host"].Value)))
            .Where(found => !s_hosts.Contains(found.host)).Select(found => $"{found.Place} names {found.host}"));

    [TestMethod]
    [DataRow("see /home/someone/data", true)]
    [DataRow("\"/tmp/data\"", true)]
    [DataRow("native/tmp/data", false)]
    [DataRow("/usr/share/datasets", false)]
    public void APathOfAMachineIsRecognised(string text, bool expected) =>
        Assert.AreEqual(expected, MachinePath().IsMatch(text));

    private static IReadOnlyList<string> TextFiles()
    {
        IReadOnlyList<string> files = Repository.Files(
            [.. s_codeExtensions, "", ".csproj", ".json", ".md", ".props", ".sln", ".targets", ".txt", ".yml"]);
        Assert.IsGreaterThan(50, files.Count);
        string self = files.Single(path => path.EndsWith("Architecture/SourceTests.cs", StringComparison.Ordinal));
        return [.. files.Where(path => path != self)];
    }

    private static IEnumerable<(string Place, string Text)> Lines(IEnumerable<string> files) =>
        files.SelectMany(
            path => Repository.Read(path).Split('\n').Select((text, index) => ($"{path}:{index + 1}", text)));

    private static void AssertNone(IEnumerable<string> offenders)
    {
        string[] list = [.. offenders];
        Assert.IsEmpty(list, string.Join('\n', list));
    }

    [GeneratedRegex(@"(?<![\w.)}])/(home|root|tmp|Users|work(space)?)/\w")]
    private static partial Regex MachinePath();

    [GeneratedRegex(@"https?://(?<host>[\w.-]+)")]
    private static partial Regex Host();
}
