using System.Buffers;
using RevUp.Backends;
using RevUp.Backends.Cpu;
using RevUp.Data;
using RevUp.Formats;
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
/// throughput little; calls of <see cref="PredictAsync(ReadOnlyMemory{byte}, int,
/// CancellationToken)"/> share batches and block no thread. To use the cores for several calls at
/// once, open several predictors with one thread each; each holds a copy of the weights. A
/// predictor holds weights, norms and running statistics: nothing of training.
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
    private readonly ModelInput? _input;
    private readonly PredictionQueue _queue;
    private readonly ImageFramer? _framer;

    private Predictor(ThreadBound<LoadedModel> model, PredictorOptions options)
    {
        _model = model;
        (Sample, Classes, _normalization, _input, Task) = model.Invoke(
            loaded => (loaded.Sample, loaded.Classes, loaded.Normalization, loaded.Input, loaded.Task));
        _queue = new PredictionQueue(model, options, Sample, Classes.Count);
        bool takesImages = Kind != SampleKind.Floats && Sample is { SpatialRank: 2, Channels: 1 or 3 };
        _framer = takesImages ? new ImageFramer(Sample, _input?.Resize ?? 0) : null;
    }

    /// <summary>Task of the network, which its answers belong to.</summary>
    public ModelTask Task { get; }

    /// <summary>Shape of one image or volume: [1, H, W, C] or [1, D, H, W, C].</summary>
    public Shape Sample { get; }

    /// <summary>Names of the K classes, labels or numbers, in the order of the answers.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>
    /// The samples that the network was trained on; calls with others are refused. Null for a file
    /// of an earlier version, which does not state it: then bytes and floats are taken, and an
    /// encoded image is scaled as a whole.
    /// </summary>
    public SampleKind? Kind => _input?.Kind;

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
    /// <param name="options">Batches of asynchronous calls; null for the defaults.</param>
    public static Predictor Load(
        string path, Func<Backend>? open = null, Func<BranchSite, Branch>? branches = null,
        PredictorOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Load((WeightSource)Checkpoint.FindModel(path), open, branches, options);
    }

    /// <summary>Loads a network from a model file that is read from a stream.</summary>
    /// <inheritdoc cref="Load(string, Func{Backend}, Func{BranchSite, Branch}, PredictorOptions)"/>
    /// <param name="file">
    /// The bytes of the file, less than 2 GiB, read to the end; the caller disposes it.
    /// </param>
    public static Predictor Load(
        Stream file, Func<Backend>? open = null, Func<BranchSite, Branch>? branches = null,
        PredictorOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(file);
        return Load(WeightSource.From(file), open, branches, options);
    }

    private static Predictor Load(
        WeightSource file, Func<Backend>? open, Func<BranchSite, Branch>? branches, PredictorOptions? options)
    {
        options ??= new PredictorOptions();
        options.Validate();
        return new Predictor(
            new ThreadBound<LoadedModel>("RevUp predictor", () => new LoadedModel(
                file, segments: false, open ?? (() => new CpuBackend()), branches)),
            options);
    }

    /// <summary>Answers for one image, or for several one after the other.</summary>
    /// <param name="images">
    /// count·(D)·H·W·C bytes, channels-last. Calls with the same count are the cheapest: another
    /// count prepares the convolutions again.
    /// </param>
    /// <param name="count">Number of images.</param>
    /// <returns>[count · K].</returns>
    /// <exception cref="ArgumentException">
    /// The bytes are not this number of whole images, or the network takes floats.
    /// </exception>
    /// <exception cref="ArenaExhaustedException">
    /// No memory for this number of images; fewer still work.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The predictor was disposed.</exception>
    public float[] Predict(ReadOnlySpan<byte> images, int count = 1)
    {
        float[] probabilities = new float[Math.Max(0, count) * Classes.Count];
        Predict(images, probabilities, count);
        return probabilities;
    }

    /// <inheritdoc cref="Predict(ReadOnlySpan{byte}, int)"/>
    /// <param name="images">count·(D)·H·W·C bytes, channels-last.</param>
    /// <param name="probabilities">[count · K], all of it written.</param>
    /// <param name="count">Number of images.</param>
    public void Predict(ReadOnlySpan<byte> images, Span<float> probabilities, int count = 1)
    {
        RequireKind(SampleKind.Bytes);
        RequireWhole(images.Length, count, "bytes");
        RequireRoom(probabilities.Length, count);
        int length = images.Length;
        byte[] bytes = ArrayPool<byte>.Shared.Rent(length);
        images.CopyTo(bytes);
        try
        {
            RequireFinite(_model.Invoke(
                loaded => loaded.Predict(new BatchPixels(bytes.AsSpan(0, length), default, _normalization))))
                .CopyTo(probabilities);
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
    /// <inheritdoc cref="Predict(ReadOnlySpan{byte}, int)"/>
    /// <param name="samples">
    /// count·(D)·H·W·C numbers, channels-last, in the unit of the training set's.
    /// </param>
    /// <param name="count">Number of samples.</param>
    /// <exception cref="ArgumentException">
    /// The numbers are not this number of whole samples, or the network takes bytes; a number is
    /// not finite, is in another unit than the training set's, or is so large that the network's
    /// output is not finite.
    /// </exception>
    public float[] Predict(ReadOnlySpan<float> samples, int count = 1)
    {
        float[] probabilities = new float[Math.Max(0, count) * Classes.Count];
        Predict(samples, probabilities, count);
        return probabilities;
    }

    /// <inheritdoc cref="Predict(ReadOnlySpan{float}, int)"/>
    /// <param name="samples">count·(D)·H·W·C numbers, channels-last.</param>
    /// <param name="probabilities">[count · K], all of it written.</param>
    /// <param name="count">Number of samples.</param>
    public void Predict(ReadOnlySpan<float> samples, Span<float> probabilities, int count = 1)
    {
        RequireKind(SampleKind.Floats);
        RequireWhole(samples.Length, count, "numbers");
        RequireRoom(probabilities.Length, count);
        int length = samples.Length;
        float[] pixels = ArrayPool<float>.Shared.Rent(length);
        try
        {
            Normalize(samples, pixels.AsSpan(0, length));
            RequireFinite(_model.Invoke(loaded => loaded.Predict(new BatchPixels(pixels.AsSpan(0, length)))))
                .CopyTo(probabilities);
        }
        finally
        {
            ArrayPool<float>.Shared.Return(pixels);
        }
    }

    /// <summary>
    /// Probabilities of one JPEG or PNG file of any size, framed as the evaluations of the training
    /// framed their images.
    /// </summary>
    /// <param name="file">The bytes of the file.</param>
    /// <returns>[K].</returns>
    /// <exception cref="DataFileException">
    /// The file is damaged, too large, or neither JPEG nor PNG.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// The network does not take bytes of images with 1 or 3 channels.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The predictor was disposed.</exception>
    public float[] PredictEncoded(ReadOnlySpan<byte> file) => Predict(Decode(file));

    /// <summary>
    /// Writes the network as an ONNX model for other programs: "logits" [N, K] of "input" [N, C,
    /// (D), H, W], float32, opset 17. Input = (x / 255 − mean) / std for bytes x, (x − mean) / std
    /// for other numbers. The metadata have "mean", "std" and "classes", JSON arrays.
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
    public void Dispose()
    {
        _model.Dispose();
        _queue.Dispose();
        _framer?.Dispose();
    }

    /// <summary>Samples of asynchronous calls that wait.</summary>
    internal int Waiting => _queue.Waiting;

    /// <summary>Keeps the predictor's thread busy, for tests; does not wait.</summary>
    internal void Hold(Action work) => _model.Post(_ => work());

    internal static ArgumentException Overflow(int sample) => new(
        $"sample {sample} overflows the network: its output is not finite. The sample's values are far from the "
        + "training set's; give them in the same unit.",
        "samples");

    private byte[] Decode(ReadOnlySpan<byte> file) => _framer is not null
        ? _framer.Decode(file)
        : throw new InvalidOperationException(
            $"A JPEG or PNG file cannot become a sample {Sample} of {(Kind == SampleKind.Floats ? "floats" : "bytes")}"
            + ": the network takes no images of bytes with 1 or 3 channels. Call Predict with the numbers.");

    private void Normalize(ReadOnlySpan<float> samples, Span<float> normalized)
    {
        int other = _input?.IndexOfOtherUnit(samples) ?? -1;
        if (other >= 0 && float.IsFinite(samples[other]))
        {
            IReadOnlyList<double> range = _input!.Range!;
            throw new ArgumentException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"value {other % Sample.Count} of sample {other / Sample.Count} is {samples[other]}, and the "
                    + $"training set's lie in {range[0]:G6} to {range[1]:G6}: give the samples in the training set's "
                    + $"unit."),
                nameof(samples));
        }
        samples.CopyTo(normalized);
        _normalization.Apply(normalized);
        int bad = FiniteValues.IndexOfOther(normalized);
        if (bad >= 0)
        {
            throw new ArgumentException(
                $"value {bad % Sample.Count} of sample {bad / Sample.Count} is {samples[bad]}, which is not finite "
                + "after normalisation; correct the sample or leave it out.",
                nameof(samples));
        }
    }

    private float[] RequireFinite(float[] answers)
    {
        int bad = FiniteValues.IndexOfOther(answers);
        return bad < 0 ? answers : throw Overflow(bad / Classes.Count);
    }

    private void RequireKind(SampleKind given)
    {
        if (Kind is { } kind && kind != given)
        {
            throw new ArgumentException(
                $"The network was trained on {Text(kind)}, and these are {Text(given)}: they would be normalised in "
                + $"another unit. Call the overload of Predict that takes {Text(kind)}.",
                given == SampleKind.Bytes ? "images" : "samples");
        }

        static string Text(SampleKind kind) => kind == SampleKind.Bytes ? "bytes" : "floats";
    }

    private void RequireRoom(int length, int count)
    {
        if (length != count * Classes.Count)
        {
            throw new ArgumentException(
                $"{length} numbers of memory do not take the {count} · {Classes.Count} probabilities.",
                "probabilities");
        }
    }

    private void RequireWhole(int length, int count, string unit)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        if (length != count * Sample.Count)
        {
            throw new ArgumentException(
                $"{length} {unit} are not {count} {(count == 1 ? "sample" : "samples")} of the shape {Sample}, "
                + $"channels-last: one sample has {Sample.Count} {unit}. Give the number of samples as count. Resize "
                + "or crop an image of another size to this shape, or give its JPEG or PNG file to PredictEncoded.",
                unit == "bytes" ? "images" : "samples");
        }
    }
}
