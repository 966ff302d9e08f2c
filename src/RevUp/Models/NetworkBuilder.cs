using RevUp.Backends;
using RevUp.Layers;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Models;

/// <summary>
/// Turns <see cref="ModelSettings"/> into layers, following the shape of one sample from image to
/// logits. A U-Net is one list as well: stem, encoder, decoder, head.
/// </summary>
internal sealed class NetworkBuilder(
    Backend backend, ParameterStore store, ModelSettings settings, List<Layer> layers,
    AdaptiveCoefficients? coefficients = null, Func<BranchSite, Branch>? factory = null, BranchWork? work = null)
{
    private const int ImageNetStemChannels = 64;

    private readonly Stack<Skip> _skips = [];
    private readonly bool _tf32 = settings.Precision.AllowsTf32();
    private BranchSettings _branches = null!;
    private Shape _shape;
    private int _blocks;

    // Whether no block has come behind the input or the last layer without an inverse, from which
    // the block's input can be computed again. Behind a join that takes a skip connection as well.
    private bool _leads = true;

    private ElementType TransitionType => backend.TransitionType(settings.Precision.Element());

    public void Build(Shape sample, int classes)
    {
        _shape = sample;
        bool segments = settings.Task == ModelTask.Segmentation;
        if (segments)
        {
            SegmentationRules.RequireExtents(settings, sample);
        }
        Stem(settings.Stages[0].Channels);
        _branches = new(
            settings.Branch,
            settings.Activation,
            settings.Groups,
            settings.Precision.Element(),
            settings.BranchCount,
            settings.Lipschitz,
            settings.Normalization,
            coefficients,
            factory,
            FixedNormExtents: segments,
            _tf32,
            FollowsTransition: settings.Stages[0].Blocks == 0 && settings.Downsampling != Downsampling.Squeeze,
            work);
        for (int s = 0; s < settings.Stages.Count; s++)
        {
            StageSettings stage = settings.Stages[s];
            if (s > 0)
            {
                Transition($"stages.{s}.down", s, stage.Channels);
            }
            Blocks($"stages.{s}", $"stages.{s}.blocks", s, stage.Blocks);
        }
        for (int s = settings.Stages.Count - 2; segments && s >= 0; s--)
        {
            Axes stride = TransitionRules.Stride(settings, s + 1, _shape.SpatialRank);
            Add(new TransposedTransition(
                $"stages.{s}.up", backend, store, _shape, stride, _skips.Pop(), TransitionType, _tf32));
            string name = $"stages.{s}.decoder";
            Blocks(name, name, s, settings.DecoderBlocksOf(s));
        }
        Add(segments
            ? new VoxelHead("head", backend, store, _shape, classes, settings.Activation, settings.Normalization)
            : new ClassifierHead("head", backend, store, _shape, classes, settings.Activation, settings.Normalization));
    }

    private void Blocks(string name, string prefix, int stage, int count)
    {
        Between(name, Placement.Stage);
        BranchSettings branches = BranchesOf(stage);
        bool halves = settings.Block == BlockKind.Coupling;
        if (halves)
        {
            Add(new ChannelHalves(name + ".split", backend, _shape, split: true));
        }
        for (int b = 0; b < count; b++)
        {
            Between($"{prefix}.{b}", Placement.Block);
            Add(Block($"{prefix}.{b}", _blocks++, settings.WidthOf(settings.Stages[stage]), branches));
        }
        if (halves)
        {
            Add(new ChannelHalves(name + ".merge", backend, _shape, split: false));
        }
    }

    private Block Block(string name, int index, int width, BranchSettings branches) => settings.Block switch
    {
        BlockKind.Residual => new ResidualBlock(name, index, backend, store, _shape, width, branches),
        BlockKind.Coupling => new CouplingBlock(name, index, backend, store, _shape, width, branches),
        _ when _leads && settings.Lipschitz.FreeLeadingBlocks =>
            new InvertibleBlock(name, index, backend, store, _shape, width, Free(branches)) { IsRecomputed = true },
        _ => new InvertibleBlock(name, index, backend, store, _shape, width, branches),
    };

    // Norms at fixed extents halve theirs as the levels do, so that their share of a step's time is
    // the same on every level.
    private BranchSettings BranchesOf(int stage)
    {
        if (!_branches.FixedNormExtents)
        {
            return _branches;
        }
        int most = settings.Lipschitz.MaximumExtent;
        int least = Math.Min(most, _shape.SpatialRank == 3 ? 8 : 16);
        return _branches with
        {
            Lipschitz = settings.Lipschitz with { MaximumExtent = Math.Max(least, most >> stage) },
        };
    }

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
                Add(new ConvolutionLayer("stem", backend, store, _shape, own, kernel: 3, settings.StemStride, _tf32));
                Pad("stem.pad", channels);
                break;
            case StemKind.ImageNet:
                Add(new ConvolutionLayer(
                    "stem", backend, store, _shape, ImageNetStemChannels, kernel: 7, stride: 2, _tf32));
                RequireVariance("stem.pool", channels);
                Add(new MaxPool("stem.pool", backend, _shape, channels));
                break;
            case StemKind.Whitened:
                Add(new ConvolutionLayer(
                    "stem", backend, store, _shape, Filters(channels), Whitening.Kernel, settings.StemStride, _tf32));
                Pad("stem.pad", channels);
                break;
            default:
                Pad("stem.pad", channels);
                break;
        }
    }

    // Two signs of each direction.
    private int Filters(int channels)
    {
        int most = 2 * Whitening.Elements(_shape), filters = settings.StemChannels;
        ConfigurationException.Require(
            filters <= most,
            $"model.stemChannels is {filters}, and patches of {_shape} have {most} filters that whiten them; use at "
            + $"most {most}, or 0");
        return filters > 0 ? filters : Math.Min(most, channels / 2 * 2);
    }

    private void Transition(string name, int stage, int channels)
    {
        if (settings.Downsampling != Downsampling.Squeeze)
        {
            bool pools = settings.Downsampling == Downsampling.Pooled;
            Axes kernel = pools ? 3 : TransitionRules.Kernel(settings, stage, _shape.SpatialRank);
            Axes stride = pools ? 1 : TransitionRules.Stride(settings, stage, _shape.SpatialRank);
            Skip? skip = null;
            if (settings.Task == ModelTask.Segmentation)
            {
                _skips.Push(skip = new Skip(_shape));
            }
            else
            {
                RequireExtent(name, kernel);
            }
            Add(
                new StridedTransition(
                    name, backend, store, _shape, channels, kernel, stride, settings.Activation,
                    settings.Normalization, TransitionType, _tf32, skip));
            if (pools)
            {
                Add(new MaxPool(name + ".pool", backend, _shape, channels));
            }
            return;
        }
        Add(new Squeeze(name, backend, _shape));
        Pad(name + ".pad", channels);
    }

    private void Pad(string name, int channels)
    {
        if (channels != _shape.Channels)
        {
            RequireVariance(name, channels);
            Add(new ChannelPad(name, backend, _shape, channels));
        }
    }

    // A constant channel has no variance: normalising it multiplies what the subtractions of an
    // inverse round by 1/√ε, in every layer of a branch.
    private void RequireVariance(string name, int channels) => ConfigurationException.Require(
        channels == _shape.Channels
            || settings is not { Block: BlockKind.Coupling, Normalization: Normalization.BatchNorm },
        $"'{name}' appends zero channels to {_shape}, which coupling blocks with batch normalisation cannot "
        + $"invert; use 'convolution' and 'strided'");

    private void RequireExtent(string name, Axes least)
    {
        for (int axis = 0; axis < _shape.SpatialRank; axis++)
        {
            ConfigurationException.Require(
                _shape.Extent(axis) >= least[axis],
                $"'{name}' cannot halve an activation of shape {_shape}; use fewer stages or larger images");
        }
    }

    private void Add(Layer layer)
    {
        layers.Add(layer);
        _shape = layer.Output;
        _leads = layer is not (Reversible.Block or TransposedTransition) && (_leads || !layer.IsInvertible);
    }
}
