using RevUp.Backends;
using RevUp.Layers;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Models;

/// <summary>
/// Turns <see cref="ModelSettings"/> into layers, following the shape of one sample from image to
/// logits.
/// </summary>
internal sealed class NetworkBuilder(
    Backend backend, ParameterStore store, ModelSettings settings, List<Layer> layers,
    AdaptiveCoefficients? coefficients = null, Func<BranchSite, Branch>? factory = null)
{
    private const int ImageNetStemChannels = 64;

    private Shape _shape;

    // Whether no block has come behind the input or the last layer without an inverse.
    private bool _leads = true;

    public void Build(Shape sample, int classes)
    {
        _shape = sample;
        Stem(settings.Stages[0].Channels);
        BranchSettings branches = new(
            settings.Branch,
            settings.Activation,
            settings.Groups,
            settings.Precision.Element(),
            settings.BranchCount,
            settings.Lipschitz,
            settings.Normalization,
            coefficients,
            factory);
        int index = 0;
        bool halves = settings.Block == BlockKind.Coupling;
        for (int s = 0; s < settings.Stages.Count; s++)
        {
            StageSettings stage = settings.Stages[s];
            if (s > 0)
            {
                Transition($"stages.{s}.down", stage.Channels);
            }
            Between($"stages.{s}", Placement.Stage);
            if (halves)
            {
                Add(new ChannelHalves($"stages.{s}.split", backend, _shape, split: true));
            }
            for (int b = 0; b < stage.Blocks; b++)
            {
                Between($"stages.{s}.blocks.{b}", Placement.Block);
                Add(Block($"stages.{s}.blocks.{b}", index++, settings.WidthOf(stage), branches));
            }
            if (halves)
            {
                Add(new ChannelHalves($"stages.{s}.merge", backend, _shape, split: false));
            }
        }
        Add(new ClassifierHead("head", backend, store, _shape, classes, settings.Activation, settings.Normalization));
    }

    private Block Block(string name, int index, int width, BranchSettings branches) => settings.Block switch
    {
        BlockKind.Residual => new ResidualBlock(name, index, backend, store, _shape, width, branches),
        BlockKind.Coupling => new CouplingBlock(name, index, backend, store, _shape, width, branches),
        _ when _leads && settings.Lipschitz.FreeLeadingBlocks =>
            new InvertibleBlock(name, index, backend, store, _shape, width, Free(branches)) { IsRecomputed = true },
        _ => new InvertibleBlock(name, index, backend, store, _shape, width, branches),
    };

    private static BranchSettings Free(BranchSettings branches) =>
        branches with { Lipschitz = branches.Lipschitz with { Mode = LipschitzMode.None }, Coefficients = null };

    // What the settings place before a stage or a block, in the order of a step of Glow (arXiv
    // 1807.03039, figure 2).
    private void Between(string name, Placement placement)
    {
        if (settings.Affine == placement)
        {
            Add(new ChannelAffine(name + ".affine", backend, store, _shape));
        }
        if (settings.Mixing == placement)
        {
            Add(new ChannelMixing(name + ".mixing", backend, store, _shape));
        }
    }

    private void Stem(int channels)
    {
        switch (settings.Stem)
        {
            case StemKind.Convolution:
                int own = settings.StemChannels == 0 ? channels : settings.StemChannels;
                Add(new ConvolutionLayer("stem", backend, store, _shape, own, kernel: 3, settings.StemStride));
                Pad("stem.pad", channels);
                break;
            case StemKind.ImageNet:
                Add(new ConvolutionLayer("stem", backend, store, _shape, ImageNetStemChannels, kernel: 7, stride: 2));
                Add(new MaxPool("stem.pool", backend, _shape));
                Pad("stem.pad", channels);
                break;
            default:
                Pad("stem.pad", channels);
                break;
        }
    }

    private void Transition(string name, int channels)
    {
        if (settings.Downsampling == Downsampling.Strided)
        {
            RequireExtent(name, settings.TransitionKernel);
            Add(
                new StridedTransition(
                    name, backend, store, _shape, channels, settings.TransitionKernel, settings.Activation,
                    settings.Normalization));
            return;
        }
        Add(new Squeeze(name, backend, _shape));
        Pad(name + ".pad", channels);
    }

    private void Pad(string name, int channels)
    {
        if (channels != _shape.Channels)
        {
            // A constant channel has no variance: normalising it multiplies what the subtractions
            // of an inverse round by 1/√ε, in every layer of a branch.
            ConfigurationException.Require(
                settings is not { Block: BlockKind.Coupling, Normalization: Normalization.BatchNorm },
                $"'{name}' appends zero channels to {_shape}, which coupling blocks with batch normalisation cannot "
                + $"invert; use 'convolution' and 'strided'");
            Add(new ChannelPad(name, backend, _shape, channels));
        }
    }

    private void RequireExtent(string name, int least)
    {
        for (int axis = 0; axis < _shape.SpatialRank; axis++)
        {
            ConfigurationException.Require(
                _shape.Extent(axis) >= least,
                $"'{name}' cannot halve an activation of shape {_shape}; use fewer stages or larger images");
        }
    }

    private void Add(Layer layer)
    {
        layers.Add(layer);
        _shape = layer.Output;
        _leads = layer is not Reversible.Block && (_leads || !layer.IsInvertible);
    }
}
