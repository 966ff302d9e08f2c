using RevUp.Backends;
using RevUp.Backends.Cpu;
using RevUp.Data;
using RevUp.Models;
using RevUp.Reversible;
using RevUp.Runs;
using RevUp.Tensors;

namespace RevUp.Inference;

/// <summary>
/// Labels argmax f((x − mean) / deviation) of the positions of images or volumes x of any extents,
/// from a trained U-Net f that is loaded with all it needs.
/// </summary>
/// <remarks>
/// Large volumes go through the network in tiles with a halo as wide as its receptive field. No
/// operation of the network looks at a whole volume, so the logits are the same as of the whole,
/// to rounding. Beside the volume a call takes at most the bytes given to <see cref="Load"/>: fewer
/// bytes make smaller tiles, whose halos cost time. Instance normalisation does look at a whole
/// volume: a network that has it takes volumes whole. Thread-safe, as <see cref="Predictor"/> is.
/// </remarks>
/// <example><code>
/// using Segmenter segmenter = Segmenter.Load("lesions.safetensors");
/// ushort[] labels = segmenter.Segment(volume, new Shape(1, 155, 240, 240, 4));
/// Console.WriteLine($"{labels.Count(label => label > 0)} voxels of {segmenter.Classes[1]}");
/// </code></example>
public sealed class Segmenter : IDisposable
{
    /// <summary>
    /// Bytes that a call may take where no others are given: 1.75 GiB, so that the process with its
    /// runtime stays below 2 GiB beside the volume.
    /// </summary>
    public const long DefaultMemory = 7L << 28;

    // The share of the bytes that buffers beside the arena may take.
    private const int BufferShare = 16;

    private readonly ThreadBound<LoadedModel> _model;
    private readonly long _memory;

    private Segmenter(ThreadBound<LoadedModel> model, long memory)
    {
        (_model, _memory) = (model, memory);
        (Sample, Classes, Rules) = model.Invoke(loaded => (loaded.Sample, loaded.Classes, loaded.Cases));
    }

    /// <summary>
    /// Shape of one sample in training, [1, H, W, C] or [1, D, H, W, C]; its extents do not limit
    /// the images or volumes.
    /// </summary>
    public Shape Sample { get; }

    /// <summary>Names of the K classes, in the order of the labels.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>Rules for the files of cases; null where the model's file has none.</summary>
    internal CaseRules? Rules { get; }

    /// <summary>Loads a network.</summary>
    /// <param name="path">
    /// A file that <see cref="TrainingRun.SaveModel"/> or <see cref="Checkpoint.SaveModel"/> wrote,
    /// the folder of a run, whose newest complete checkpoint is taken, or the folder of one
    /// checkpoint.
    /// </param>
    /// <param name="open">
    /// Opens the backend, on the segmenter's thread, which also disposes it; nothing else may use
    /// it. Without it, the CPU with all its processors and an arena that
    /// <paramref name="memory"/> bounds.
    /// </param>
    /// <param name="memory">
    /// The most bytes that a call takes beside the volume, weights and labels included.
    /// </param>
    /// <exception cref="Formats.CheckpointException">
    /// There is no such file, it is damaged, it does not describe its network, or the network
    /// classifies.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">The bytes are not positive.</exception>
    /// <exception cref="ArenaExhaustedException">
    /// The bytes do not reach for the weights.
    /// </exception>
    public static Segmenter Load(string path, Func<Backend>? open = null, long memory = DefaultMemory)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(memory);
        string file = Checkpoint.FindModel(path);
        open ??= () => new CpuBackend(capacity: ArenaOf(memory));
        return new Segmenter(
            new ThreadBound<LoadedModel>(
                "RevUp segmenter", () => new LoadedModel(file, segments: true, open, branches: null)),
            memory);
    }

    /// <summary>Bytes of the arena of a backend with which calls keep to the bytes.</summary>
    internal static long ArenaOf(long memory) => memory - memory / BufferShare;

    /// <summary>Labels of one image or volume.</summary>
    /// <param name="volume">
    /// (D)·H·W·C numbers, channels-last, in the unit of the training set's.
    /// </param>
    /// <param name="shape">
    /// [1, H, W, C] or [1, D, H, W, C], of any extents. A network that was trained on images labels
    /// a volume plane by plane.
    /// </param>
    /// <returns>(D)·H·W labels, each the number of a class.</returns>
    /// <exception cref="ArgumentException">
    /// The numbers are not as many as the shape's; the shape has fewer axes or other channels than
    /// the training set; a number is not finite, or so large that the network's output is not.
    /// </exception>
    /// <exception cref="ArenaExhaustedException">
    /// The bytes do not reach for the smallest tile: twice the receptive field along every axis.
    /// With instance normalisation they do not reach for the whole volume.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The segmenter was disposed.</exception>
    public ushort[] Segment(ReadOnlyMemory<float> volume, Shape shape)
    {
        if (shape.SpatialRank < Sample.SpatialRank || shape.SpatialRank > 3 || shape.Batch != 1
            || shape.Channels != Sample.Channels)
        {
            throw new ArgumentException(
                $"The shape {shape} does not fit a network trained on {Sample}; give one sample with as many axes and "
                + $"{Sample.Channels} channels.",
                nameof(shape));
        }
        if (volume.Length != shape.Count)
        {
            throw new ArgumentException(
                $"{volume.Length} numbers are not the {shape.Count} of {shape}, channels-last.", nameof(volume));
        }
        int bad = FiniteValues.IndexOfOther(volume.Span);
        if (bad >= 0)
        {
            throw new ArgumentException(
                $"value {bad} of the volume is {volume.Span[bad]}; every value must be finite, so replace it.",
                nameof(volume));
        }
        return _model.Invoke(loaded => loaded.Segment(volume.Span, shape, _memory));
    }

    /// <summary>Waits for the calls of other threads, then frees network and backend.</summary>
    public void Dispose() => _model.Dispose();
}
