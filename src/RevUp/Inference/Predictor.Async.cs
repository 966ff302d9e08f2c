using RevUp.Data;
using RevUp.Tensors;

namespace RevUp.Inference;

// Calls that wait without a thread. Calls that wait together are computed together.
public sealed partial class Predictor
{
    /// <summary>
    /// Probabilities of one image, or of several one after the other. No thread waits: calls that
    /// wait at the same time share batches (<see cref="PredictorOptions"/>).
    /// </summary>
    /// <remarks>
    /// Batches of another size may be rounded otherwise: probabilities agree to about 10⁻⁵ with
    /// what <see cref="Predict(ReadOnlySpan{byte}, int)"/> returns.
    /// </remarks>
    /// <param name="images">
    /// count·(D)·H·W·C bytes, channels-last, which stay unchanged until the task ends.
    /// </param>
    /// <param name="count">Number of images.</param>
    /// <param name="stop">Ends the wait. A batch that has started is completed.</param>
    /// <returns>[count · K].</returns>
    /// <exception cref="ArgumentException">
    /// The bytes are not this number of whole images, or the network takes floats.
    /// </exception>
    /// <exception cref="PredictorBusyException">The queue is full.</exception>
    /// <exception cref="ArenaExhaustedException">No memory for one image.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="ObjectDisposedException">The predictor was disposed.</exception>
    public Task<float[]> PredictAsync(
        ReadOnlyMemory<byte> images, int count = 1, CancellationToken stop = default)
    {
        RequireKind(SampleKind.Bytes);
        RequireWhole(images.Length, count, "bytes");
        return Enqueue(images, default, count, stop);
    }

    /// <summary>Probabilities of samples that are numbers.</summary>
    /// <inheritdoc cref="PredictAsync(ReadOnlyMemory{byte}, int, CancellationToken)"/>
    /// <param name="samples">
    /// count·(D)·H·W·C numbers, channels-last, in the unit of the training set's.
    /// </param>
    /// <exception cref="ArgumentException">
    /// The numbers are not this number of whole samples, the network takes bytes, or a number is
    /// not finite or in another unit than the training set's.
    /// </exception>
    public Task<float[]> PredictAsync(
        ReadOnlyMemory<float> samples, int count = 1, CancellationToken stop = default)
    {
        RequireKind(SampleKind.Floats);
        RequireWhole(samples.Length, count, "numbers");
        float[] normalized = new float[samples.Length];
        Normalize(samples.Span, normalized);
        return Enqueue(default, normalized, count, stop);
    }

    /// <summary>
    /// Probabilities of one JPEG or PNG file of any size. It is decoded on the calling thread and
    /// framed as the evaluations of the training framed their images.
    /// </summary>
    /// <inheritdoc cref="PredictAsync(ReadOnlyMemory{byte}, int, CancellationToken)"/>
    /// <param name="file">The bytes of the file.</param>
    /// <returns>[K].</returns>
    /// <exception cref="DataFileException">
    /// The file is damaged, too large, or neither JPEG nor PNG.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// The network does not take bytes of images with 1 or 3 channels.
    /// </exception>
    public Task<float[]> PredictEncodedAsync(ReadOnlyMemory<byte> file, CancellationToken stop = default)
    {
        stop.ThrowIfCancellationRequested();
        return Enqueue(Decode(file.Span), default, count: 1, stop);
    }

    private Task<float[]> Enqueue(
        ReadOnlyMemory<byte> bytes, ReadOnlyMemory<float> values, int count, CancellationToken stop)
    {
        if (stop.IsCancellationRequested)
        {
            return System.Threading.Tasks.Task.FromCanceled<float[]>(stop);
        }
        WaitingCall call = new(bytes, values, count, stop);
        _queue.Add(call);
        return call.Task;
    }
}
