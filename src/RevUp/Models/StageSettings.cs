namespace RevUp.Models;

/// <summary>Blocks of one resolution.</summary>
public sealed record StageSettings
{
    /// <summary>Number of blocks.</summary>
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
    public int DecoderBlocks { get; init; }
}
