namespace RevUp.Tests.Models;

/// <summary>Files that hold less than a network, more, or the same under other names.</summary>
[TestClass]
public sealed class PartialWeightTests : FolderTest
{
    private const string Block = "stages.0.blocks.0";

    [TestMethod]
    public void ParametersAloneAreEnough()
    {
        using SmallTraining trained = new(), fresh = new();
        trained.Run(first: 0, count: 8);
        Write(trained, name => IsNorm(name) ? null : name);
        LoadReport report = fresh.Net.LoadWeights(Folder["part"], new LoadOptions());
        Assert.HasCount(fresh.Net.Parameters.Parameters.Count, report.Taken);
        Assert.IsEmpty(report.Missing);
        CollectionAssert.AreEqual(
            Names("stages.0.blocks.0", "stages.0.blocks.1", "stages.1.blocks.0"), report.Estimated.ToArray());
        // As converged as estimates of a run: the norms on the extents of the layers.
        foreach (InvertibleBlock block in fresh.Net.Blocks)
        {
            float[] sigmas = new float[2];
            block.Branch.ReadSigmas(sigmas);
            for (int j = 0; j < sigmas.Length; j++)
            {
                double norm = SpectralNorm.Converged(fresh.Net.Backend, block.Branch.Convolutions[j]);
                Assert.AreEqual(norm, sigmas[j], 1e-5 * norm, block.Name);
            }
        }
        // The next step goes on from converged vectors.
        float[] before = Sigmas(fresh);
        fresh.Net.PrepareStep(8, step: 0);
        float[] after = Sigmas(fresh);
        for (int i = 0; i < before.Length; i++)
        {
            Assert.AreEqual(before[i], after[i], 1e-5 * before[i]);
        }

        static string[] Names(params string[] blocks) =>
            [.. blocks.SelectMany(block => (string[])[block + ".conv1", block + ".conv2"])];
    }

    /// <summary>The norms of the file are a part of its network's function.</summary>
    [TestMethod]
    public void NormsOfTheFileStayWhereVectorsAreMissing()
    {
        using SmallTraining trained = new(), fresh = new();
        trained.Run(first: 0, count: 8);
        Write(trained, name => IsVector(name) ? null : name);
        LoadReport report = fresh.Net.LoadWeights(Folder["part"], new LoadOptions());
        Assert.HasCount(6, report.Estimated);
        CollectionAssert.AreEqual(Sigmas(trained), Sigmas(fresh));
        float[] pixels = trained.Pixels(0, 2);
        CollectionAssert.AreEqual(trained.Net.Predict(pixels), fresh.Net.Predict(pixels));
    }

    [TestMethod]
    public void WhatDoesNotFitIsReportedAndStays()
    {
        using SmallTraining trained = new(), other = new("data.classes=3");
        trained.Run(first: 0, count: 8);
        Write(trained, name => name switch
        {
            Block + ".scale" => null,
            Block + ".bias1a" => "extra",
            _ => "module." + name,
        });
        float[] head = Download(other, "head.weight"), scale = Download(other, Block + ".scale");
        float[] first = Download(trained, Block + ".conv1.weight");
        LoadOptions options = new() { Strict = false, Rename = name => name.Replace("module.", "") };
        LoadReport report = other.Net.LoadWeights(Folder["part"], options);
        CollectionAssert.AreEquivalent((string[])[Block + ".scale", Block + ".bias1a"], report.Missing.ToArray());
        CollectionAssert.AreEqual((string[])["extra"], report.Unexpected.ToArray());
        CollectionAssert.AreEquivalent(
            (string[])["head.weight [4, 16] for [3, 16]", "head.bias [4] for [3]"], report.Mismatched.ToArray());
        CollectionAssert.AreEqual(head, Download(other, "head.weight"));
        CollectionAssert.AreEqual(scale, Download(other, Block + ".scale"));
        CollectionAssert.AreEqual(first, Download(other, Block + ".conv1.weight"));
        Assert.AreEqual(
            $"{report.Taken.Count} tensors taken, 2 missing, 1 unexpected, 2 of another shape", report.ToString());
    }

    [TestMethod]
    [DataRow(null, "there is no tensor 'stages.0.blocks.0.scale'; the file belongs to another network. To take what")]
    [DataRow("extra", "there is no tensor 'stages.0.blocks.0.scale'")]
    [DataRow("head.bias", "'stages.0.blocks.0.scale' and 'head.bias' are both renamed to 'head.bias'")]
    public void AStrictFileFitsInAllItsTensors(string? name, string message)
    {
        using SmallTraining trained = new(), fresh = new();
        trained.Run(first: 0, count: 8);
        bool twice = name == "head.bias";
        Write(trained, each => each == Block + ".scale" && !twice ? name : each);
        LoadOptions options = new() { Rename = each => twice && each == Block + ".scale" ? name! : each };
        float[] before = fresh.State();
        string refused = Assert.ThrowsExactly<CheckpointException>(
            () => fresh.Net.LoadWeights(Folder["part"], options)).Message;
        Assert.Contains(message, refused);
        CollectionAssert.AreEqual(before, fresh.State());
    }

    private static bool IsVector(string name) =>
        name.EndsWith(".u", StringComparison.Ordinal) || name.EndsWith(".v", StringComparison.Ordinal);

    private static bool IsNorm(string name) => IsVector(name) || name.EndsWith(".sigma", StringComparison.Ordinal);

    private static float[] Sigmas(SmallTraining training) => [.. training.Net.Parameters.State
        .Where(state => state.Name.EndsWith(".sigma", StringComparison.Ordinal))
        .SelectMany(state => training.Net.Backend.ToHost(state.Value))];

    private static float[] Download(SmallTraining training, string name) => training.Net.Backend.ToHost(
        training.Net.NamedTensors.Single(tensor => tensor.Name == name).Tensor);

    // The network's tensors under other names, as PyTorch orders their axes; null leaves one out.
    private void Write(SmallTraining trained, Func<string, string?> rename)
    {
        trained.Net.SaveWeights(Folder["whole"], channelsFirst: true);
        using SafetensorsReader reader = new(Folder["whole"]);
        (string Name, SafetensorsTensor Tensor)[] kept =
            [.. reader.Tensors.Where(tensor => rename(tensor.Name) is not null).Select(t => (rename(t.Name)!, t))];
        using SafetensorsWriter writer = new(
            Folder["part"],
            [.. kept.Select(entry => new SafetensorsTensor(entry.Name, SafetensorsType.F32, entry.Tensor.Shape))],
            new Dictionary<string, string> { ["format"] = "pt" });
        foreach ((string name, SafetensorsTensor tensor) in kept)
        {
            float[] values = new float[tensor.ByteCount / sizeof(float)];
            reader.Read(tensor.Name, values.AsSpan());
            writer.Write<float>(name, values);
        }
        writer.Complete();
    }
}
