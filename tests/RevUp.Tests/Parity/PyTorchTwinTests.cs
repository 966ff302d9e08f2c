using RevUp.Benchmarks.Parity;

namespace RevUp.Tests.Parity;

/// <summary>
/// A whole training step of every layer, branch, control and policy against an implementation that
/// shares no line with ours: the PyTorch twin, whose gradients are autograd's. Inconclusive where
/// no Python has PyTorch.
/// </summary>
[TestClass]
public sealed class PyTorchTwinTests : FolderTest
{
    [TestMethod]
    [EveryBackend]
    public void EveryNetworkTakesTheStepOfItsTwin(TestDevice device)
    {
        Compare(device, Folder, ParityCases.All);
    }

    [TestMethod]
    public void EveryWrongTwinIsFound()
    {
        Compare(TestDevice.All[0], Folder, [.. ParityCases.All.Where((_, index) => index % 2 == 1)], "--faults");
    }

    [TestMethod]
    [DataRow("test_twins.py")]
    [DataRow("test_scripts.py")]
    public void TheScriptsPassTheirOwnTests(string script) => AssertSucceeds(script);

    [TestMethod]
    public void ThePresetsOfTheTwinsAreOurs() =>
        Assert.AreEqual(
            PresetFile.Text(),
            Repository.Read(PresetFile.Place),
            $"`./build.sh benchmark parity` writes {PresetFile.Place} again");

    private static void Compare(
        TestDevice device, TemporaryFolder folder, IReadOnlyList<Recipe> recipes, params string[] options)
    {
        RequirePyTorch();
        using Backend backend = device.Open();
        List<string> files = [];
        foreach (Recipe recipe in recipes.Where(recipe => recipe.Model.Precision.IsOf(backend)))
        {
            files.Add(folder[recipe.Name + ".safetensors"]);
            ParityFile.Write(backend, recipe, files[^1]);
        }
        AssertSucceeds("parity.py", [.. options, .. files]);
    }

    private static void AssertSucceeds(string script, params string[] arguments)
    {
        RequirePyTorch();
        string path = Path.Combine(Repository.Root, "benchmarks", "pytorch", script);
        (int exitCode, string output, string errors) = PyTorch.Run(path, arguments);
        Assert.AreEqual(0, exitCode, $"{script}: {errors}{output}");
    }

    private static void RequirePyTorch()
    {
        if (PyTorch.Interpreter is null)
        {
            Assert.Inconclusive(
                $"No Python here imports torch and numpy; python3-torch is Debian's package, {PyTorch.Variable} names "
                + "another interpreter.");
        }
    }
}
