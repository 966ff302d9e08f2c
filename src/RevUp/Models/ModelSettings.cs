using System.Text.Json;
using System.Text.Json.Serialization;
using RevUp.Backends;
using RevUp.Layers;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Models;

/// <summary>
/// A network, apart from the size of its input and the number of its classes, which come from the
/// data.
/// </summary>
public sealed record ModelSettings
{
    /// <summary>Output of the network.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ModelTask Task { get; init; }

    /// <summary>
    /// Where a run that starts takes its weights from: a model file, a checkpoint, a run, or a file
    /// with PyTorch's names; null to draw them. A head of other classes is drawn. A run that
    /// resumes takes its checkpoint.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public string? InitialFrom { get; init; }

    /// <summary>How images become the residual stream.</summary>
    public StemKind Stem { get; init; } = StemKind.Convolution;

    /// <summary>
    /// Stride of the stems <see cref="StemKind.Convolution"/> and <see cref="StemKind.Whitened"/>.
    /// </summary>
    public int StemStride { get; init; } = 1;

    /// <summary>
    /// Channels of the stems <see cref="StemKind.Convolution"/> and
    /// <see cref="StemKind.Whitened"/>, and zero channels behind them up to the first stage's; 0
    /// for as many as there can be.
    /// </summary>
    public int StemChannels { get; init; }

    /// <summary>Operation that halves the extents between stages.</summary>
    public Downsampling Downsampling { get; init; } = Downsampling.Strided;

    /// <summary>Kernel extent of <see cref="Downsampling.Strided"/>: 2 or 3.</summary>
    public int TransitionKernel { get; init; } = 3;

    /// <summary>The stages, finest first.</summary>
    public IReadOnlyList<StageSettings> Stages { get; init; } = [];

    /// <summary>How blocks compute their output, and so what can be had back from it.</summary>
    public BlockKind Block { get; init; } = BlockKind.Invertible;

    /// <summary>Method that keeps activations in range.</summary>
    public Normalization Normalization { get; init; } = Normalization.Fixup;

    /// <summary>Form of the residual branches.</summary>
    public BranchKind Branch { get; init; } = BranchKind.Basic;

    /// <summary>φ.</summary>
    public Activation Activation { get; init; } = Activation.Relu;

    /// <summary>
    /// Where a <see cref="ChannelAffine"/> is added, a trained scale and shift per channel.
    /// </summary>
    public Placement Affine { get; init; }

    /// <summary>
    /// Where a <see cref="ChannelMixing"/> is added, a trained rotation of the channels; behind the
    /// affine map where there is one.
    /// </summary>
    public Placement Mixing { get; init; }

    /// <summary>Groups of the branches' 3×3 convolutions (ResNeXt).</summary>
    public int Groups { get; init; } = 1;

    /// <summary>Arithmetic of the convolutions and storage type inside the branches.</summary>
    public BranchPrecision Precision { get; init; }

    /// <summary>
    /// Whether answers come from the mean of the outputs for a sample and for its mirror image,
    /// left and right exchanged (test-time augmentation). Twice the time of an answer; training
    /// steps are the same.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool TestTimeFlip { get; init; }

    /// <summary>
    /// Lipschitz control of the branches; by default, only <see cref="BlockKind.Invertible"/>
    /// blocks have it.
    /// </summary>
    public LipschitzSettings Lipschitz
    {
        get => field ?? new LipschitzSettings
        {
            Mode = Block == BlockKind.Invertible ? LipschitzMode.PerBranch : LipschitzMode.None,
        };
        init;
    }

    /// <summary>Blocks of all stages, with the decoder's.</summary>
    public int BlockCount => Enumerable.Range(0, Stages.Count).Sum(s => Stages[s].Blocks + DecoderBlocksOf(s));

    /// <summary>
    /// The fewest outputs that the task makes sense with: classes, labels or numbers.
    /// </summary>
    internal int LeastOutputs => Task is ModelTask.Classification or ModelTask.Segmentation ? 2 : 1;

    /// <summary>Residual branches of all blocks.</summary>
    public int BranchCount => BlockCount * (Block == BlockKind.Coupling ? 2 : 1);

    /// <summary>Channels inside the branches of a stage.</summary>
    public int WidthOf(StageSettings stage) => stage.Width == 0 ? BranchChannels(stage) : stage.Width;

    /// <summary>
    /// Blocks of the decoder at stage <paramref name="index"/>; 0 where there is none.
    /// </summary>
    internal int DecoderBlocksOf(int index) =>
        Task != ModelTask.Segmentation || index == Stages.Count - 1 ? 0 : Math.Max(1, Stages[index].DecoderBlocks);

    /// <summary>
    /// Places that blocks are spread over: the stages, and all but the coarsest one's decoders.
    /// </summary>
    internal int BlockParts => Sides * (Stages.Count - 1) + 1 - EmptyStages;

    // The first stage alone can have no blocks.
    private int EmptyStages => Stages[0].Blocks == 0 ? 1 : 0;

    private bool HasStemOfItsOwn => Stem is StemKind.Convolution or StemKind.Whitened;

    private int Sides => Task == ModelTask.Segmentation ? 2 : 1;

    /// <summary>
    /// The same network with this total of blocks: its own stages when it has that many, else
    /// spread evenly over the stages that have blocks and their decoders, what does not divide
    /// going to the coarser ones.
    /// </summary>
    /// <exception cref="ConfigurationException">Fewer blocks than stages and decoders.</exception>
    public ModelSettings WithBlocks(int blocks)
    {
        if (blocks == BlockCount)
        {
            return this;
        }
        // Finest first: a stage, then its decoder.
        (int sides, int parts) = (Sides, BlockParts);
        ConfigurationException.Require(
            blocks >= parts,
            $"the number of blocks is {blocks}, which does not reach for {parts} {(sides == 1 ? "stages" : "stages and "
            + "decoders")}; use at least {parts}");
        return this with
        {
            Stages = [.. Stages.Select((s, i) => s with
            {
                Blocks = i < EmptyStages ? 0 : Share(sides * i - EmptyStages),
                DecoderBlocks = sides == 1 || i == Stages.Count - 1 ? 0 : Share(2 * i + 1),
            })],
        };

        int Share(int part) => blocks / parts + (part >= parts - blocks % parts ? 1 : 0);
    }

    /// <summary>The same network with the precision that it has on a device.</summary>
    /// <exception cref="ConfigurationException">
    /// The device cannot compute in <see cref="Precision"/>.
    /// </exception>
    public ModelSettings On(Backend backend)
    {
        BranchPrecision precision = Decided(backend);
        return precision.IsOf(backend)
            ? this with { Precision = precision }
            : throw new ConfigurationException(
                $"model.precision is '{precision.Text()}', which the device '{backend.Name}' ({backend.Description}) "
                + "cannot compute; use 'auto', which is bfloat16 where that is faster, or 'float32'.");
    }

    // A custom branch computes in float32 storage.
    private BranchPrecision Decided(Backend backend) => (Branch, Precision) switch
    {
        (BranchKind.Custom, BranchPrecision.Auto) =>
            backend.HasTf32 ? BranchPrecision.Tf32 : BranchPrecision.Float32,
        _ => Precision.On(backend),
    };

    /// <summary>
    /// The same for a network that is not trained further: on a device without its precision it
    /// computes in float32, in which its weights are stored.
    /// </summary>
    internal ModelSettings ForInference(Backend backend)
    {
        BranchPrecision precision = Decided(backend);
        return this with { Precision = precision.IsOf(backend) ? precision : BranchPrecision.Float32 };
    }

    /// <summary>
    /// Throws when a value is outside its range; what depends on the input's size is checked when
    /// the network is built.
    /// </summary>
    /// <exception cref="ConfigurationException">Names the value and the range.</exception>
    public void Validate()
    {
        ConfigurationException.Require(
            Stages.Count is >= 1 and <= 8, $"model.stages has {Stages.Count} entries; use 1 to 8");
        ConfigurationException.Require(
            Stages.All(stage => stage is not null),
            $"model.stages has a null in it; leave it out, or give blocks and channels");
        ConfigurationException.Require(
            InitialFrom != "",
            $"model.initialFrom is empty; name a model file, a checkpoint or a run, or leave it out");
        ConfigurationException.Require(StemStride is 1 or 2, $"model.stemStride is {StemStride}; use 1 or 2");
        ConfigurationException.Require(
            StemStride == 1 || HasStemOfItsOwn,
            $"model.stemStride is {StemStride}, but only the stems 'convolution' and 'whitened' have a stride");
        ConfigurationException.Require(
            StemChannels >= 0 && StemChannels <= Stages[0].Channels,
            $"model.stemChannels is {StemChannels}; use 1 to {Stages[0].Channels}, the channels of the first stage, or "
            + $"0 for as many");
        ConfigurationException.Require(
            StemChannels == 0 || HasStemOfItsOwn,
            $"model.stemChannels is {StemChannels}, but only the stems 'convolution' and 'whitened' have a number of "
            + $"channels of their own");
        ConfigurationException.Require(
            Stem != StemKind.Whitened || (StemChannels % 2 == 0 && Stages[0].Channels >= 2),
            $"model.stem is 'whitened', which has both signs of each filter, but model.stemChannels is {StemChannels} "
            + $"and the first stage has {Stages[0].Channels}; use an even number, or 0, and at least 2");
        ConfigurationException.Require(
            TransitionKernel is 2 or 3, $"model.transitionKernel is {TransitionKernel}; use 2 or 3");
        ConfigurationException.Require(Groups >= 1, $"model.groups is {Groups}; it must be positive");
        ConfigurationException.Require(
            Activation != Activation.Identity,
            $"model.activation is 'identity': the network would be linear; use 'relu', 'elu' or 'maxMin'");
        for (int i = 0; i < Stages.Count; i++)
        {
            StageSettings stage = Stages[i];
            // Without blocks, the transition behind the stem takes its images as they are.
            int least = i == 0 && Stages.Count > 1 && Task != ModelTask.Segmentation ? 0 : 1;
            ConfigurationException.Require(
                stage.Blocks >= least && stage.Blocks <= 100_000,
                $"model.stages.{i}.blocks is {stage.Blocks}; use {least} to 100000");
            ConfigurationException.Require(
                stage.Channels is >= 1 and <= 65_536, $"model.stages.{i}.channels is {stage.Channels}; use 1 to 65536");
            ConfigurationException.Require(
                stage.Width is >= 0 and <= 65_536,
                $"model.stages.{i}.width is {stage.Width}; use 1 to 65536, or 0 for the stage's channels");
            ConfigurationException.Require(
                Block != BlockKind.Coupling || stage.Channels % 2 == 0,
                $"model.stages.{i}.channels is {stage.Channels}; coupling blocks take the channels in halves, so use "
                + $"an even number");
            (int width, int channels) = (WidthOf(stage), BranchChannels(stage));
            ConfigurationException.Require(
                Activation != Activation.MaxMin || (width % 2 == 0 && channels % 2 == 0),
                $"model.activation is 'maxMin', which sorts channels in pairs, but the branches of stage {i} have "
                + $"{channels} and {width}; use even numbers");
            bool divides = width % Groups == 0 && (Branch == BranchKind.Bottleneck || channels % Groups == 0);
            ConfigurationException.Require(
                divides,
                $"model.groups is {Groups}, which does not divide the channels of stage {i} ({channels}, {width} "
                + $"inside the branches)");
        }
        foreach ((string setting, Placement placement) in
            (ReadOnlySpan<(string, Placement)>)[("affine", Affine), ("mixing", Mixing)])
        {
            ConfigurationException.Require(
                placement != Placement.Block || Block != BlockKind.Coupling,
                $"model.{setting} is 'block', but blocks of model.block 'coupling' pass on halves of the channels; use "
                + $"'stage' or 'none'");
        }
        ConfigurationException.Require(
            Branch != BranchKind.Custom || (Block != BlockKind.Coupling && Lipschitz.Mode != LipschitzMode.PerLayer),
            $"model.branch is 'custom', which takes neither model.block 'coupling' nor model.lipschitz.mode "
            + $"'perLayer'; use others");
        ConfigurationException.Require(
            Branch != BranchKind.Custom || Precision != BranchPrecision.BFloat16,
            $"model.branch is 'custom', which stores float32; use the precision 'auto', 'tf32' or 'float32'");
        Lipschitz.Validate();
        ConfigurationException.Require(
            Block == BlockKind.Invertible || Lipschitz.Mode == LipschitzMode.None,
            $"model.lipschitz.mode is '{Name(Lipschitz.Mode)}', but only model.block 'invertible' needs a bound; use "
            + $"'none', or leave model.lipschitz out");
        ConfigurationException.Require(
            Block != BlockKind.Invertible
            || Normalization is not (Normalization.BatchNorm or Normalization.InstanceNorm),
            $"model.normalization is '{Name(Normalization)}', which has no Lipschitz bound; use 'fixup', or "
            + $"model.block 'residual'");
        TransitionRules.Validate(this);
        SegmentationRules.Validate(this);
    }

    /// <summary>The name of a setting's value, as recipes have it.</summary>
    internal static string Name(Enum value) => JsonNamingPolicy.CamelCase.ConvertName($"{value}");

    private int BranchChannels(StageSettings stage) =>
        Block == BlockKind.Coupling ? stage.Channels / 2 : stage.Channels;
}
