namespace RevUp.Tests.Architecture;

/// <summary>Every arrow between the rooms of the library points down.</summary>
[TestClass]
public sealed class RoomTests
{
    [TestMethod]
    public void EveryArrowBetweenRoomsPointsDown()
    {
        string[] files = [.. Files(Rooms.Folder)];
        Assert.IsGreaterThan(150, files.Length);
        string[] violations = [.. files.SelectMany(path => Rooms.Violations(path, Repository.Read(path)))];
        Assert.IsEmpty(violations, string.Join('\n', violations));
    }

    [TestMethod]
    public void EveryRoomHasFilesAndUsesAnother()
    {
        foreach (string room in Rooms.TopToBottom)
        {
            string[] files = [.. Files($"{Rooms.Folder}{room}/")];
            Assert.IsNotEmpty(files, room);
            bool usesOthers = files.SelectMany(path => Rooms.Arrows(Repository.Read(path)))
                .Any(arrow => arrow.Room != room);
            Assert.AreEqual(room is not ("Formats" or "Tensors"), usesOthers, room);
        }
    }

    [TestMethod]
    [DataRow("Backends/Cpu/Planted.cs", "using RevUp.Tensors;\nusing RevUp.Layers;\n", 2, "Backends → Layers")]
    [DataRow("Layers/Planted.cs", "using static RevUp.Models.ModelPresets;\n", 1, "Layers → Models")]
    [DataRow("Layers/Planted.cs", "using Plan = RevUp.Reversible.MemoryPlan;\n", 1, "Layers → Reversible")]
    [DataRow("Tensors/Planted.cs", "\nclass A(Formats.ByteCount count);\n", 2, "Tensors → Formats")]
    [DataRow("Data/Planted.cs", "\nclass A(global::RevUp.Runs.RunLog log);\n", 2, "Data → Runs")]
    public void APlantedArrowUpIsFound(string file, string source, int line, string arrow)
    {
        source += $"namespace RevUp.{Path.GetDirectoryName(file)!.Replace('/', '.')};";
        string[] violations = [.. Rooms.Violations(Rooms.Folder + file, source)];
        Assert.HasCount(1, violations, string.Join('\n', violations));
        Assert.Contains($"src/RevUp/{file}:{line}: {arrow} points up", violations[0]);
    }

    [TestMethod]
    [DataRow("Models/Right.cs", "using RevUp.Reversible;\nusing RevUp.Data.Images;\n\nnamespace RevUp.Models;")]
    [DataRow("Layers/Right.cs", "namespace RevUp.Layers;\n\n/// <see cref=\"Models.RevUpNet\"/>\nclass A;")]
    [DataRow("Layers/Right.cs", "namespace RevUp.Layers;\n\nclass A { string Text => \"Models.RevUpNet\"; }")]
    [DataRow("Recipes/Right.cs", "namespace RevUp.Recipes;\n\nclass A { int B => Runs.Count + this.Runs.LayerProbe; }")]
    public void ArrowsDownAndCommentsArePossible(string file, string source) =>
        Assert.IsEmpty(Rooms.Violations(Rooms.Folder + file, source));

    [TestMethod]
    [DataRow("Models/Wrong.cs", "namespace RevUp.Layers;", "namespaces follow folders")]
    [DataRow("Attic/Wrong.cs", "namespace RevUp.Attic;", "lies in the room 'Attic'")]
    [DataRow("Wrong.cs", "namespace RevUp;", "lies in the room ''")]
    public void AFileOutsideItsRoomIsFound(string file, string source, string problem) =>
        Assert.Contains(problem, string.Join('\n', Rooms.Violations(Rooms.Folder + file, source)));

    [TestMethod]
    public void TheReadmeListsTheRoomsInTheirOrder()
    {
        string row = Repository.Read("README.md").Split('\n')
            .Single(line => line.StartsWith("| `src/RevUp` |", StringComparison.Ordinal));
        Assert.Contains(string.Join(", ", Rooms.TopToBottom), row);
    }

    [TestMethod]
    public void EveryFileIsNamedAfterItsOnlyType()
    {
        string[] wrong = [.. Files(Rooms.Folder)
            .Select(path => (Path: path, Types: Rooms.Types(Repository.Read(path))))
            .Where(file => !file.Types.SequenceEqual([Path.GetFileName(file.Path).Split('.')[0]]))
            .Select(file => $"{file.Path} has {string.Join(", ", file.Types)}; give each type a file of its name")];
        Assert.IsEmpty(wrong, string.Join('\n', wrong));
    }

    [TestMethod]
    public void TheReadingOrderOfReversibleNamesEveryFileOnce()
    {
        const string Folder = Rooms.Folder + "Reversible/";
        string[] named = [.. Repository.Read(Folder + "README.md").Split('`')
            .Where(word => word.EndsWith(".cs", StringComparison.Ordinal))];
        CollectionAssert.AreEquivalent(Files(Folder).Select(path => Path.GetFileName(path)).ToArray(), named);
    }

    private static IEnumerable<string> Files(string folder) =>
        Repository.Files(".cs").Where(path => path.StartsWith(folder, StringComparison.Ordinal));
}
