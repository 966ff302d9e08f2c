namespace RevUp.Tests.Documents;

/// <summary>
/// The README and the pages of docs: examples, links, commands, settings and voice.
/// </summary>
[TestClass]
public sealed partial class PageTests
{
    private const int MaximumWords = 80;
    private const int MaximumWidth = 100;

    private static readonly string[] s_languages = ["bash", "csharp", "json"];

    [TestMethod]
    public void EveryExampleIsCompiledByATest()
    {
        IEnumerable<MarkdownFile.Fence> fences = MarkdownFile.Pages.SelectMany(page => page.Fences);
        Assert.IsGreaterThan(2, fences.Count(fence => fence.Language == "csharp"));
        AssertNone(MarkdownFile.Pages.SelectMany(ExampleFaults));
    }

    [TestMethod]
    public void EveryCompiledExampleStandsInAPage()
    {
        string[] examples = [.. MarkdownFile.Pages.SelectMany(page => page.Fences).Select(fence => fence.Text)];
        AssertNone(CompiledExamples.Parts.Where(part => !examples.Any(text => text.Contains(part))));
    }

    [TestMethod]
    [DataRow("csharp", "float[] probabilities = net.Predict(image, 1);")]
    [DataRow("csharp", "net.SaveWeights();")]
    [DataRow("C#", "int x = 1;")]
    [DataRow("", "int x = 1;")]
    [DataRow("json", "{ \"base\": \"cifar-revup-110\", \"dat\": {} }")]
    [DataRow("json", "{ \"base\": \"cifar-revup-11\" }")]
    public void AnExampleThatDoesNotCompileIsFound(string language, string text) =>
        Assert.HasCount(1, ExampleFaults(Page($"```{language}\n{text}\n```\n")));

    [TestMethod]
    public void ExamplesNameOnlyTypesThatAProgramSees() => AssertNone(MarkdownFile.Pages.SelectMany(HiddenTypes));

    [TestMethod]
    public void AHiddenTypeInAnExampleIsFound() =>
        Assert.HasCount(1, HiddenTypes(Page("```csharp\nCheckpoint.Load(backend, folder);\n```\n")));

    [TestMethod]
    public void EveryLinkLeadsSomewhere()
    {
        Assert.IsGreaterThan(20, MarkdownFile.Pages.SelectMany(page => page.Links).Count());
        AssertNone(MarkdownFile.All.SelectMany(LinkFaults));
    }

    [TestMethod]
    [DataRow("[a](docs/nowhere.md)")]
    [DataRow("[a](#nowhere)")]
    [DataRow("[a](docs/policies.md#nowhere)")]
    [DataRow("![a](docs/nowhere.svg)")]
    public void ALinkToNowhereIsFound(string text) => Assert.HasCount(1, LinkFaults(Page(text)));

    [TestMethod]
    public void EveryCommandParses()
    {
        Assert.IsGreaterThan(30, MarkdownFile.Pages.SelectMany(CommandReader.Lines).Count());
        AssertNone(MarkdownFile.Pages.SelectMany(CommandFaults));
    }

    [TestMethod]
    [DataRow("`./build.sh nothing`")]
    [DataRow("`./build.sh benchmark nothing`")]
    [DataRow("`revup nothing`")]
    [DataRow("`artifacts/revup train --recipe fashion-mnist --nothing`")]
    [DataRow("`revup train --recipe nothing`")]
    [DataRow("`revup train --recipe fashion-mnist --set training.nothing=1`")]
    [DataRow("```bash\nA=1 nsys profile \\\n  artifacts/revup trian | cat\n```")]
    [DataRow("```bash\nbenchmarks/bin/Release/net10.0/RevUp.Benchmarks nothing\n```")]
    public void ACommandThatDoesNotParseIsFound(string text) => Assert.HasCount(1, CommandFaults(Page(text)));

    [TestMethod]
    public void EverySettingExists() => AssertNone(MarkdownFile.Pages.SelectMany(SettingFaults));

    [TestMethod]
    [DataRow("`training.epoch`", 1)]
    [DataRow("`reversible.policy: invert`", 0)]
    public void ASettingThatDoesNotExistIsFound(string text, int faults) =>
        Assert.HasCount(faults, SettingFaults(Page(text)));

    [TestMethod]
    public void EveryParagraphIsShortAndPlain() => AssertNone(MarkdownFile.Pages.SelectMany(VoiceFaults));

    [TestMethod]
    [DataRow("The time is that\nof a step.")]
    [DataRow("- Likewise in tables.")]
    [DataRow("| Says that it works |")]
    public void AnAvoidedPhraseIsFound(string text) => Assert.HasCount(1, VoiceFaults(Page(text)));

    [TestMethod]
    public void ALongParagraphIsFound() =>
        Assert.HasCount(1, VoiceFaults(Page(string.Concat(Enumerable.Repeat("word\n", MaximumWords + 1)))));

    [TestMethod]
    public void ProseWrapsAtOneHundredColumns() => AssertNone(MarkdownFile.Pages.SelectMany(page =>
        Repository.Read(page.Path).Split('\n').Where(line => IsWide(page, line))
            .Select(line => $"{page.Path} has {line.Length} columns: {line}")));

    private static MarkdownFile Page(string text) => new("README.md", text);

    // Tables, pictures and code cannot wrap.
    private static bool IsWide(MarkdownFile page, string line) =>
        line.Length > MaximumWidth && !line.StartsWith('|') && !line.StartsWith("![", StringComparison.Ordinal)
        && !page.Fences.Any(fence => fence.Text.Contains(line));

    private static IEnumerable<string> ExampleFaults(MarkdownFile page) => page.Fences
        .Where(fence => !s_languages.Contains(fence.Language)
            || (fence.Language == "csharp" && !CompiledExamples.Contains(fence.Text))
            || (fence.Language == "json" && !IsRecipe(fence.Text)))
        .Select(fence => $"{page.Place(fence.Line)} is no example that a test compiles, and no recipe: {fence.Text}");

    // The tests, which compile the examples, see internal types too.
    private static IEnumerable<string> HiddenTypes(MarkdownFile page)
    {
        ILookup<bool, string> names =
            typeof(RevUpNet).Assembly.GetTypes().ToLookup(type => type.IsVisible, type => type.Name);
        HashSet<string> hidden = [.. names[false].Except(names[true])];
        return page.Fences.Where(fence => fence.Language == "csharp").SelectMany(fence => Word().Matches(fence.Text)
            .Select(word => word.Value).Where(hidden.Contains).Distinct()
            .Select(name => $"{page.Place(fence.Line)}: {name} is internal"));
    }

    private static bool IsRecipe(string text)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["mine.json"], text);
        try
        {
            RecipeCatalog.Load(folder["mine.json"], []);
            return true;
        }
        catch (ConfigurationException)
        {
            return false;
        }
    }

    private static IEnumerable<string> LinkFaults(MarkdownFile page)
    {
        foreach ((int line, string target) in page.Links.Where(link => !link.Text.Contains("://")))
        {
            string[] parts = target.Split('#');
            string path = Path.GetFullPath(Path.Combine(Repository.Root, Path.GetDirectoryName(page.Path)!, parts[0]));
            if (parts[0].Length > 0 && !File.Exists(path) && !Directory.Exists(path))
            {
                yield return $"{page.Place(line)} links to {target}, which is not there";
            }
            else if (parts.Length > 1)
            {
                MarkdownFile linked = parts[0].Length == 0 ? page : new MarkdownFile(target, File.ReadAllText(path));
                if (!linked.Anchors.Contains(parts[1]))
                {
                    yield return $"{page.Place(line)} links to {target}, which has no such heading";
                }
            }
        }
    }

    private static IEnumerable<string> CommandFaults(MarkdownFile page) => CommandReader.Lines(page)
        .Select(command => (command, Fault: CommandReader.Fault(command.Text)))
        .Where(found => found.Fault is not null)
        .Select(found => $"{page.Place(found.command.Line)}: {found.command.Text}: {found.Fault}");

    private static IEnumerable<string> SettingFaults(MarkdownFile page) => page.CodeSpans
        .Select(span => (span.Line, Path: Setting().Match(span.Text).Value))
        .Where(setting => setting.Path.Length > 0 && !CommandReader.IsSetting(setting.Path))
        .Select(setting => $"{page.Place(setting.Line)}: recipes have no {setting.Path}");

    private static IEnumerable<string> VoiceFaults(MarkdownFile page)
    {
        foreach ((int line, string text) in page.Paragraphs)
        {
            int words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;
            if (words > MaximumWords)
            {
                yield return $"{page.Place(line)} has a paragraph of {words} words; split it";
            }
            foreach (string phrase in Phrases.Avoided(text))
            {
                yield return $"{page.Place(line)} has '{phrase}'; name the noun again, in everyday words";
            }
        }
    }

    private static void AssertNone(IEnumerable<string> offenders)
    {
        string[] list = [.. offenders];
        Assert.IsEmpty(list, string.Join('\n', list));
    }

    [GeneratedRegex(@"^(data|model|reversible|training)\.[A-Za-z.]+")]
    private static partial Regex Setting();

    [GeneratedRegex(@"\b[A-Z]\w*")]
    private static partial Regex Word();
}
