using System.Buffers;
using RevUp.Backends;
using RevUp.Backends.Cpu;
using RevUp.Data;
using RevUp.Models;
using RevUp.Reversible;
using RevUp.Runs;
using RevUp.Tensors;

namespace RevUp.Inference;

/// <summary>
/// Answers of a trained network f that is loaded with all it needs. Of byte images x these are, by
/// <see cref="Task"/>: probabilities of classes, softmax(f((x / 255 − mean) / deviation)); of
/// labels, sigmoid(f(…)); or the numbers f(…) of a regression.
/// </summary>
/// <remarks>
/// Thread-safe: any number of threads may predict at once, and get the same bits as one after the
/// other. The network runs on the predictor's own thread:
/// one call at a time, with all threads of its backend. More callers therefore change the
/// throughput little. To use the cores for several calls at once, open several predictors with one
/// thread each; each holds a copy of the weights. The number of threads of <see cref="CpuBackend"/>
/// belongs to the process: the backend that was opened last decides.
/// </remarks>
/// <example><code>
/// using Predictor predictor = Predictor.Load("flowers.safetensors");
/// float[] probabilities = predictor.Predict(image); // H·W·C bytes
/// int best = Array.IndexOf(probabilities, probabilities.Max());
/// Console.WriteLine($"{predictor.Classes[best]}: {probabilities[best]:P0}");
/// </code></example>
public sealed partial class Predictor : IDisposable
{
    private readonly ThreadBound<LoadedModel> _model;
    private readonly ChannelNormalization _normalization;

    private Predictor(ThreadBound<LoadedModel> model)
    {
        _model = model;
        (Sample, Classes, _normalization, Task) = model.Invoke(
            loaded => (loaded.Sample, loaded.Classes, loaded.Normalization, loaded.Task));
    }

    /// <summary>Task of the network, which its answers belong to.</summary>
    public ModelTask Task { get; }

    /// <summary>Shape of one image or volume: [1, H, W, C] or [1, D, H, W, C].</summary>
    public Shape Sample { get; }

    /// <summary>Names of the K classes, labels or numbers, in the order of the answers.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>
    /// Bytes that the predictor holds between calls, by purpose; a call adds its activations and
    /// gives them back.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The predictor was disposed.</exception>
    public MemoryUse Memory => _model.Invoke(loaded => loaded.Memory);

    /// <summary>Loads a network.</summary>
    /// <param name="path">
    /// A file that <see cref="TrainingRun.SaveModel"/> or <see cref="Checkpoint.SaveModel"/> wrote,
    /// or the folder of a checkpoint, or the folder of a run. Of a run, the chosen checkpoint is
    /// taken, or else the newest complete one.
    /// </param>
    /// <param name="open">
    /// Opens the backend, on the predictor's thread, which also disposes it; nothing else may use
    /// it. Without it, the CPU with all its processors.
    /// </param>
    /// <param name="branches">
    /// The factory that the network was trained with, where its branches are the program's own.
    /// </param>
    /// <exception cref="Formats.CheckpointException">
    /// There is no such file, it is damaged, it does not describe its network, or it describes one
    /// that segments, which a <see cref="Segmenter"/> loads.
    /// </exception>
    public static Predictor Load(
        string path, Func<Backend>? open = null, Func<BranchSite, Branch>? branches = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string file = Directory.Exists(path) ? Checkpoint.FindModel(path) : path;
        return new Predictor(new ThreadBound<LoadedModel>("RevUp predictor", () => new LoadedModel(
            file, segments: false, open ?? (() => new CpuBackend()), branches)));
    }

    /// <summary>Answers for one image, or for several one after the other.</summary>
    /// <param name="images">
    /// N·(D)·H·W·C bytes, channels-last. Calls with the same N are the cheapest: another N prepares
    /// the convolutions again.
    /// </param>
    /// <returns>[N · K].</returns>
    /// <exception cref="ArgumentException">
    /// The bytes are not one or several whole images.
    /// </exception>
    /// <exception cref="ArenaExhaustedException">
    /// No memory for this number of images; fewer still work.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The predictor was disposed.</exception>
    public float[] Predict(ReadOnlySpan<byte> images)
    {
        RequireWhole(images.Length, "bytes");
        int length = images.Length;
        byte[] bytes = ArrayPool<byte>.Shared.Rent(length);
        images.CopyTo(bytes);
        try
        {
            return RequireFinite(_model.Invoke(
                loaded => loaded.Predict(new BatchPixels(bytes.AsSpan(0, length), default, _normalization))));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    /// <summary>
    /// Answers for samples that are numbers, such as the voxels of a volume: f gets (x − mean) /
    /// deviation.
    /// </summary>
    /// <inheritdoc cref="Predict(ReadOnlySpan{byte})"/>
    /// <param name="samples">
    /// N·(D)·H·W·C numbers, channels-last, in the unit of the training set's.
    /// </param>
    /// <exception cref="ArgumentException">
    /// The numbers are not one or several whole samples; one is not finite; or one is so large that
    /// the network's output is not finite.
    /// </exception>
    public float[] Predict(ReadOnlySpan<float> samples)
    {
        RequireWhole(samples.Length, "numbers");
        int length = samples.Length;
        float[] pixels = ArrayPool<float>.Shared.Rent(length);
        try
        {
            samples.CopyTo(pixels);
            _normalization.Apply(pixels.AsSpan(0, length));
            int bad = FiniteValues.IndexOfOther(pixels.AsSpan(0, length));
            return bad < 0
                ? RequireFinite(_model.Invoke(loaded => loaded.Predict(new BatchPixels(pixels.AsSpan(0, length)))))
                : throw new ArgumentException(
                    $"value {bad % Sample.Count} of sample {bad / Sample.Count} is {samples[bad]}, which is not finite "
                    + "after normalisation; correct the sample or leave it out.",
                    nameof(samples));
        }
        finally
        {
            ArrayPool<float>.Shared.Return(pixels);
        }
    }

    /// <summary>
    /// Writes the network as an ONNX model for other programs: "logits" [N, K] of "input" [N, C,
    /// (D), H, W], normalised; float32, opset 17. Class names and normalisation stand in its
    /// metadata.
    /// </summary>
    /// <exception cref="ConfigurationException">
    /// The format cannot hold the network: it exceeds 2 GiB, or its branches are a program's own.
    /// </exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="ObjectDisposedException">The predictor was disposed.</exception>
    public void ExportOnnx(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string file = Path.GetFullPath(path);
        _model.Invoke(loaded =>
        {
            loaded.ExportOnnx(file);
            return true;
        });
    }

    /// <summary>Waits for the calls of other threads, then frees network and backend.</summary>
    public void Dispose() => _model.Dispose();

    private float[] RequireFinite(float[] answers)
    {
        int bad = FiniteValues.IndexOfOther(answers);
        return bad < 0 ? answers : throw new ArgumentException(
            $"sample {bad / Classes.Count} overflows the network: its output is not finite. The sample's values "
            + "are far from the training set's; give them in the same unit.",
            "samples");
    }

    private void RequireWhole(int length, string unit)
    {
        if (length == 0 || length % Sample.Count != 0)
        {
            throw new ArgumentException(
                $"{length} {unit} are not one or several samples of the shape {Sample}, channels-last: one sample has "
                + $"{Sample.Count} {unit}. Resize or crop the image to this shape, and convert its channels.",
                unit == "bytes" ? "images" : "samples");
        }
    }
}
