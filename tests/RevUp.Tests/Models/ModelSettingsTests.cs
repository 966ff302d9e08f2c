namespace RevUp.Tests.Models;

/// <summary>Settings of an impossible network are refused by their path.</summary>
[TestClass]
public sealed class ModelSettingsTests
{
    private static readonly ModelSettings s_valid =
        new() { Stages = [new() { Blocks = 2, Channels = 8, Width = 4 }, new() { Blocks = 1, Channels = 12 }] };

    private static readonly Dictionary<string, ModelSettings> s_invalid = new()
    {
        ["model.stages has 0 entries"] = s_valid with { Stages = [] },
        ["model.stages has 9 entries"] = s_valid with { Stages = [.. Enumerable.Repeat(new StageSettings(), 9)] },
        ["model.stages.1.blocks is 0"] = s_valid with { Stages = [new(), new() { Blocks = 0 }] },
        ["model.stages.0.channels is 0"] = s_valid with { Stages = [new() { Channels = 0 }] },
        ["model.stages.0.width is -1"] = s_valid with { Stages = [new() { Width = -1 }] },
        ["model.stemStride is 3"] = s_valid with { StemStride = 3 },
        ["model.stages.0.blocks is -1; use 0 to 100000"] =
            s_valid with { Stages = [new() { Blocks = -1 }, new()] },
        ["model.stages.0.blocks is 0; use 1 to 100000"] = s_valid with { Stages = [new() { Blocks = 0 }] },
        ["only the stems 'convolution' and 'whitened' have a stride"] =
            s_valid with { StemStride = 2, Stem = StemKind.Pad },
        ["model.stemChannels is -1; use 1 to 8"] = s_valid with { StemChannels = -1 },
        ["model.stemChannels is 9; use 1 to 8"] = s_valid with { StemChannels = 9 },
        ["only the stems 'convolution' and 'whitened' have a number of channels"] =
            s_valid with { StemChannels = 3, Stem = StemKind.ImageNet },
        ["model.transitionKernel is 4"] = s_valid with { TransitionKernel = 4 },
        ["model.groups is 0"] = s_valid with { Groups = 0 },
        ["does not divide the channels of stage 1 (12, 12 inside the branches)"] =
            s_valid with
            {
                Groups = 8,
                Branch = BranchKind.Bottleneck,
                Stages = [new() { Channels = 16 }, new() { Channels = 12 }],
            },
        ["does not divide the channels of stage 0 (9, 4 inside the branches)"] =
            s_valid with { Groups = 2, Stages = [new() { Channels = 9, Width = 4 }] },
        ["model.activation is 'identity'"] = s_valid with { Activation = Activation.Identity },
        ["model.activation is 'maxMin', which sorts channels in pairs, but the branches of stage 1 have 12 and 5"] =
            s_valid with
            {
                Activation = Activation.MaxMin,
                Stages = [new() { Channels = 8 }, new() { Channels = 12, Width = 5 }],
            },
        ["the branches of stage 0 have 7 and 4"] =
            s_valid with { Activation = Activation.MaxMin, Stages = [new() { Channels = 7, Width = 4 }] },
        ["model.stages.1.channels is 13; coupling"] =
            s_valid with { Block = BlockKind.Coupling, Stages = [new() { Channels = 8 }, new() { Channels = 13 }] },
        ["does not divide the channels of stage 0 (4, 4 inside the branches)"] =
            s_valid with { Block = BlockKind.Coupling, Groups = 8, Stages = [new() { Channels = 8 }] },
        ["model.mixing is 'block', but blocks of model.block 'coupling'"] =
            s_valid with { Block = BlockKind.Coupling, Mixing = Placement.Block },
        ["model.affine is 'block', but blocks of model.block 'coupling'"] =
            s_valid with { Block = BlockKind.Coupling, Affine = Placement.Block },
        ["model.lipschitz.mode is 'perLayer', but only model.block 'invertible'"] =
            s_valid with
            {
                Block = BlockKind.Residual,
                Lipschitz = new LipschitzSettings { Mode = LipschitzMode.PerLayer },
            },
        ["model.normalization is 'batchNorm'"] = s_valid with { Normalization = Normalization.BatchNorm },
        ["model.lipschitz.coefficient is 1;"] = s_valid with { Lipschitz = new LipschitzSettings { Coefficient = 1 } },
    };

    public static IEnumerable<object[]> Invalid => s_invalid.Keys.Select(part => new object[] { part });

    [TestMethod]
    [DynamicData(nameof(Invalid))]
    public void AnImpossibleNetworkIsRefusedByName(string part) =>
        Assert.Refuses<ConfigurationException>(s_invalid[part].Validate, part);

    [TestMethod]
    public void APossibleOneIsNot()
    {
        s_valid.Validate();
        (s_valid with { Activation = Activation.MaxMin }).Validate();
        (s_valid with { Groups = 4, Branch = BranchKind.Bottleneck }).Validate();
        (s_valid with { Groups = 2, Branch = BranchKind.Bottleneck, Stages = [new() { Channels = 9, Width = 4 }] })
            .Validate();
    }

    [TestMethod]
    [EveryBackend(StemKind.Pad, 8, "'stem.pad' appends zero channels to [1, 8, 8, 3]")]
    [EveryBackend(
        StemKind.Convolution,
        7,
        "'stages.0.split' halves [1, 7, 7, 8]: half a sample must be a multiple of 16 numbers; use a multiple of 32")]
    public void HalvesThatCannotBeInvertedOrAlignedAreRefusedByLayer(
        TestDevice device, StemKind stem, int extent, string part)
    {
        using Backend backend = device.Open();
        ModelSettings settings =
            s_valid with { Stem = stem, Block = BlockKind.Coupling, Normalization = Normalization.BatchNorm };
        Shape sample = new(1, extent, extent, 3);
        Assert.Refuses<ConfigurationException>(() => new RevUpNet(backend, settings, sample, 10, 1), part);
        Assert.AreEqual(0, backend.Memory.LiveCount, "a network that could not be built left memory behind");
    }

    [TestMethod]
    [EveryBackend(Downsampling.Squeeze, 9, "extents divisible by 2")]
    [EveryBackend(Downsampling.Strided, 1, "use fewer stages or larger images")]
    [EveryBackend(Downsampling.Pooled, 1, "use fewer stages or larger images")]
    public void AnInputTooSmallOrOddIsRefusedByLayer(
        TestDevice device, Downsampling downsampling, int extent, string part)
    {
        using Backend backend = device.Open();
        ModelSettings settings = s_valid with { Downsampling = downsampling };
        Assert.Refuses<ConfigurationException>(
            () => new RevUpNet(backend, settings, new Shape(1, extent, extent, 3), 10, 1), "'stages.1.down'", part);
        Assert.AreEqual(0, backend.Memory.LiveCount, "a network that could not be built left memory behind");
    }

    [TestMethod]
    [EveryBackend]
    public void ChannelsCannotShrinkWithoutAConvolution(TestDevice device)
    {
        using Backend backend = device.Open();
        ModelSettings settings = s_valid with { Downsampling = Downsampling.Squeeze };
        Assert.Refuses<ConfigurationException>(
            () => new RevUpNet(backend, settings, new Shape(1, 8, 8, 3), 10, 1), "cannot reduce 32 channels to 12");
    }

    [TestMethod]
    public void AFirstStageWithoutBlocksStaysWithoutThem()
    {
        ModelSettings settings = s_valid with { Stages = [new() { Blocks = 0 }, .. s_valid.Stages] };
        settings.Validate();
        Assert.AreEqual(
            "0, 2, 3", string.Join(", ", settings.WithBlocks(5).Stages.Select(stage => stage.Blocks)));
        Assert.Refuses<ConfigurationException>(() => settings.WithBlocks(1), "use at least 2");
    }

    [TestMethod]
    [DataRow(2, "1, 1")]
    [DataRow(3, "2, 1")]
    [DataRow(4, "2, 2")]
    [DataRow(5, "2, 3")]
    [DataRow(192, "96, 96")]
    public void BlocksAreSpreadEvenlyAndTheRestGoesToTheCoarserStages(int blocks, string expected)
    {
        ModelSettings settings = s_valid.WithBlocks(blocks);
        Assert.AreEqual(expected, string.Join(", ", settings.Stages.Select(s => s.Blocks)));
        Assert.AreEqual(blocks, settings.BlockCount);
        CollectionAssert.AreEqual(
            s_valid.Stages.Select(s => s.Channels).ToArray(), settings.Stages.Select(s => s.Channels).ToArray());
    }

    [TestMethod]
    public void FewerBlocksThanStagesAreRefused() =>
        Assert.Refuses<ConfigurationException>(
            () => s_valid.WithBlocks(1),
            "the number of blocks is 1, which does not reach for 2 stages; use at least 2");
}
