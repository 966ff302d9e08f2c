using RevUp.Diagnostics;

namespace RevUp.Tests.Diagnostics;

/// <summary>Inspection and profiles of U-Nets.</summary>
[TestClass]
public sealed class UNetInspectionTests
{
    [TestMethod]
    [EveryBackend]
    public void EveryBlockOfEncoderAndDecoderIsInspected(TestDevice device)
    {
        using TestUNet network = new(device, TestUNet.Picture);
        int live = network.Backend.Memory.LiveCount;
        Inspection inspection = NetworkInspector.Inspect(
            network.Net, SyntheticDataset.Create(8, network.Net.Sample, TestUNet.Classes, seed: 1),
            new ChannelNormalization([0, 0], [1, 1]), new InversionSettings(),
            new BatchLoaderOptions { BatchSize = 4, Workers = 1 });
        CollectionAssert.AreEqual(
            network.Net.Blocks.Select(block => block.Name).ToArray(),
            inspection.Blocks.Select(block => block.Name).ToArray());
        Assert.IsTrue(inspection.Blocks.All(block => block.Contraction is > 0 and < 1));
        network.Net.Invalidate();
        Assert.AreEqual(live, network.Backend.Memory.LiveCount);
    }

    /// <summary>A refused block of a decoder names the layers of its level's encoder too.</summary>
    [TestMethod]
    public void AProfileNamesTheLayersThatRun()
    {
        TestDevice cuda = TestDevice.All.Single(device => device.ToString() == "cuda");
        using TestUNet network = new(cuda, TestUNet.Picture, inversion: new InversionSettings());
        network.Pass();
        string[] ranges = [.. RecordedRanges.Of(network.Pass).Where(range => !range.Contains("iteration"))];
        string[] names = [.. network.Net.Layers.Select(layer => "  " + layer.Name)];
        string[] expected =
        [
            "forward", .. names, "backward",
            .. network.Net.Layers.Reverse().SelectMany(layer => layer is InvertibleBlock
                ? (string[])["  " + layer.Name, "    inversion"]
                : ["  " + layer.Name]),
        ];
        CollectionAssert.AreEqual(expected, ranges);

        network.Engine.Inversion = TestNetwork.Exact with { MaximumEvaluations = 1, HardLimit = 1e-6 };
        ranges = RecordedRanges.Of(network.Pass);
        int start = Array.IndexOf(ranges, "    replay");
        string[] replayed =
        [
            "      stem", "      stages.0.blocks.0", "      stages.0.blocks.1", "      stages.0.up",
            "  stages.0.up",
        ];
        CollectionAssert.AreEqual(replayed, ranges[(start + 1)..(start + 1 + replayed.Length)]);
    }
}
