using System.Diagnostics;
using RevUp.Data;
using RevUp.Data.Images;
using RevUp.Tensors;

namespace RevUp.Benchmarks.Studies;

/// <summary>
/// The images of CLASS/FILE through the whole loader, as training takes them: files, decoding,
/// augmentation, batches.
/// </summary>
internal sealed class DecodingLoader : IDisposable
{
    private const int BatchSize = 32;

    private readonly ImageFolder _images;
    private readonly BatchLoader _loader;
    private int _epoch;

    private DecodingLoader(string folder, int workers)
    {
        _images = ImageFolder.Open(folder, new Shape(1, SampleWork.Side, SampleWork.Side, 3));
        BatchLoaderOptions options = new()
        {
            BatchSize = BatchSize,
            Workers = workers,
            Shuffle = true,
            Seed = 1,
            Augmentation = SampleWork.Training,
        };
        _loader = new BatchLoader(_images, SampleWork.Normalization, options);
    }

    /// <summary>
    /// Images per second by the clock of whoever takes a batch as soon as it is ready. Its workers
    /// end with it, none runs beside the next.
    /// </summary>
    public static double Rate(string folder, int workers, int epochs)
    {
        using DecodingLoader loader = new(folder, workers);
        // The first epoch starts the workers; from then on, what they have prepared at the start of
        // an epoch they have also prepared at its end.
        loader.Take(1);
        long start = Stopwatch.GetTimestamp();
        int images = loader.Take(epochs);
        return images / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    public void Dispose()
    {
        _loader.Dispose();
        _images.Dispose();
    }

    private int Take(int epochs)
    {
        int images = 0;
        for (int end = _epoch + epochs; _epoch < end; _epoch++)
        {
            foreach (Batch batch in _loader.Epoch(_epoch))
            {
                images += batch.Count;
            }
        }
        return images;
    }
}
