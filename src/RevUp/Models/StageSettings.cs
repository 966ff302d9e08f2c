using System.Text.Json.Serialization;

namespace RevUp.Models;

/// <summary>Blocks of one resolution.</summary>
public sealed record StageSettings
{
    /// <summary>
    /// Number of blocks. The first stage of a classifier can have none: then the transition to the
    /// second one takes the stem's output.
    /// </summary>
    public int Blocks { get; init; } = 1;

    /// <summary>Channels of the residual stream.</summary>
    public int Channels { get; init; } = 16;

    /// <summary>
    /// Channels inside the residual branches; 0 for as many as they get: the stream's, or half of
    /// them in coupling blocks.
    /// </summary>
    public int Width { get; init; }

    /// <summary>
    /// Under <see cref="ModelTask.Segmentation"/>, number of blocks of the decoder at this
    /// resolution; 0 for 1. The coarsest stage has no decoder.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int DecoderBlocks { get; init; }

    /// <summary>
    /// Strides of the transition to this stage, one for each axis, outermost first, 1 or 2; null
    /// for 2 along all. For samples whose positions are far apart along an axis.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public IReadOnlyList<int>? Stride { get; init; }

    /// <summary>
    /// Kernel extents of the transition to this stage, one for each axis, 1 to 3; null for
    /// <see cref="ModelSettings.TransitionKernel"/>.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public IReadOnlyList<int>? Kernel { get; init; }
}
