using RevUp.Cli.StudyRuns;

namespace RevUp.Tests.Cli;

/// <summary>Every study that the tool carries can be run.</summary>
[TestClass]
public sealed class StudyCatalogTests
{
    public static IEnumerable<object[]> Names => StudyCatalog.Names.Select(name => new object[] { name });

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void AStudyIsValidAndDescribed(string name)
    {
        (Study study, IReadOnlyList<Recipe> recipes) = StudyCatalog.Load(name, ["data.path=data"]);
        Assert.AreEqual(name, study.Name);
        Assert.IsGreaterThan(10, study.Description.Length);
        Assert.IsGreaterThan(1, study.Seeds.Count);
        CollectionAssert.AreEqual(
            study.Rows.Select(row => row.Name).ToArray(), recipes.Select(recipe => recipe.Name).ToArray());
    }

    [TestMethod]
    public void TheStudyOfAccuracyComparesControlsAtEqualTrainingAndParameters()
    {
        const double Share = 0.01;
        (_, IReadOnlyList<Recipe> rows) = StudyCatalog.Load("accuracy", ["data.path=data"]);
        CollectionAssert.AreEqual(
            new[] { LipschitzMode.Adaptive, LipschitzMode.PerBranch, LipschitzMode.None, LipschitzMode.None },
            rows.Select(row => row.Model.Lipschitz.Mode).ToArray());
        using CpuBackend backend = new();
        long parameters = RecipeCatalogTests.Parameters(backend, rows[0]);
        foreach (Recipe row in rows)
        {
            Assert.AreEqual(
                RecipeFile.Serialize(rows[0] with { Data = row.Data, Training = row.Training }),
                RecipeFile.Serialize(rows[0]),
                row.Name);
            Assert.AreEqual(parameters, RecipeCatalogTests.Parameters(backend, row), Share * parameters, row.Name);
        }
    }

    [TestMethod]
    public void TheListHasEachWithItsRuns()
    {
        ToolResult list = Tool.Succeed("studies", "--json");
        Assert.AreEqual(StudyCatalog.Names.Count, list.Json.GetProperty("studies").GetArrayLength());
        Assert.Contains("\"name\": \"accuracy\"", Tool.Run("studies", "show", "accuracy").Output);
    }
}
