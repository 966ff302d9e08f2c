namespace RevUp.Tests.Models;

/// <summary>
/// The named networks: what they are made of, without drawing their weights. The parameter counts
/// are sums over the layers, done apart from the code.
/// </summary>
[TestClass]
public sealed class ModelPresetTests
{
    [TestMethod]
    [EveryBackend("revup-38", 1, 32, 3, 10, 1_995_242L, "[1, 8, 8, 112]")]
    [EveryBackend("revup-110", 1, 32, 3, 10, 7_069_950L, "[1, 8, 8, 128]")]
    [EveryBackend("revup-164", 1, 32, 3, 10, 8_096_010L, "[1, 8, 8, 512]")]
    [EveryBackend("resnet-38", 1, 32, 3, 10, 1_998_058L, "[1, 8, 8, 112]")]
    [EveryBackend("resnet-110", 1, 32, 3, 10, 7_078_186L, "[1, 8, 8, 128]")]
    [EveryBackend("resnet-164", 1, 32, 3, 10, 8_113_546L, "[1, 8, 8, 512]")]
    [EveryBackend("fixup-38", 1, 32, 3, 10, 1_992_746L, "[1, 8, 8, 112]")]
    [EveryBackend("fixup-110", 1, 32, 3, 10, 7_061_886L, "[1, 8, 8, 128]")]
    [EveryBackend("fixup-164", 1, 32, 3, 10, 8_063_754L, "[1, 8, 8, 512]")]
    [EveryBackend("revnet-38", 1, 32, 3, 10, 1_970_586L, "[1, 8, 8, 208]")]
    [EveryBackend("revnet-110", 1, 32, 3, 10, 7_021_066L, "[1, 8, 8, 248]")]
    [EveryBackend("revnet-164", 1, 32, 3, 10, 8_077_674L, "[1, 8, 8, 672]")]
    [EveryBackend("iresnet-37", 1, 32, 3, 10, 2_011_146L, "[1, 8, 8, 256]")]
    [EveryBackend("iresnet-109", 1, 32, 3, 10, 6_949_258L, "[1, 8, 8, 256]")]
    [EveryBackend("iresnet-163", 1, 32, 3, 10, 8_008_186L, "[1, 8, 8, 256]")]
    [EveryBackend("revup-50", 1, 224, 3, 1000, 34_445_600L, "[1, 7, 7, 2048]")]
    [EveryBackend("revup-101", 1, 224, 3, 1000, 53_385_623L, "[1, 7, 7, 2048]")]
    [EveryBackend("revup-3d", 64, 64, 1, 10, 1_231_484L, "[1, 16, 16, 16, 64]")]
    public void ParametersDepthAndShape(
        TestDevice device, string name, int depth, int extent, int channels, int classes, long parameters,
        string stream)
    {
        using Backend backend = device.Open();
        using ParameterStore store = new(backend);
        List<Layer> layers = [];
        Shape sample =
            depth > 1 ? new Shape(1, depth, extent, extent, channels) : new Shape(1, extent, extent, channels);
        ModelSettings settings = ModelPresets.Get(name);
        settings.Validate();
        new NetworkBuilder(backend, store, settings, layers).Build(sample, classes);
        Assert.AreEqual(parameters, store.Count);
        Assert.AreEqual(stream, layers[^1].Input.ToString());
        if (int.TryParse(name[(name.LastIndexOf('-') + 1)..], out int counted))
        {
            int convolutions = store.Parameters.Count(p => p.Shape.Rank == 4 && !p.Name.Contains("down"));
            Assert.AreEqual(
                counted,
                convolutions + 1,
                "the name is the number of convolutions, transitions not counted, and the classifier");
        }
        layers.ForEach(layer => layer.Dispose());
    }

    [TestMethod]
    public void TheInvertibleResNetOfThePaperHasItsParameters()
    {
        using Backend backend = TestDevice.All[0].Open();
        using ParameterStore store = new(backend);
        List<Layer> layers = [];
        int[] widths = [32, 64, 128];
        ModelSettings preset = ModelPresets.Get("iresnet-37");
        ModelSettings published = preset with
        {
            Stages = [.. preset.Stages.Select((stage, i) => stage with { Blocks = 7, Width = widths[i] })],
        };
        new NetworkBuilder(backend, store, published, layers).Build(new Shape(1, 32, 32, 3), classes: 10);
        // 4.87 million (arXiv 1811.00995): blocks 7-7-7 of widths 32/64/128 on 16, 64 and 256
        // channels.
        Assert.AreEqual(4_868_474L, store.Count);
        layers.ForEach(layer => layer.Dispose());
    }

    [TestMethod]
    public void AnUnknownNameListsTheKnownOnes()
    {
        string message = Assert.ThrowsExactly<ConfigurationException>(() => ModelPresets.Get("revup-9000")).Message;
        Assert.Contains("'revup-9000'", message);
        Assert.HasCount(18, ModelPresets.Names);
        foreach (string name in ModelPresets.Names)
        {
            Assert.Contains(name, message);
        }
    }
}
