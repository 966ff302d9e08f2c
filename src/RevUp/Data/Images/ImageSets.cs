using System.Numerics;
using RevUp.Tensors;

namespace RevUp.Data.Images;

/// <summary>Looks through sets of samples: verifies them, and counts sizes of images.</summary>
internal static class ImageSets
{
    // What images are scaled to where only the reading of them matters; small, so that JPEGs are
    // scaled as they are decoded.
    internal static readonly Shape Sample = new(1, 64, 64, 3);

    private const int SmallestEnd = 32;

    /// <summary>The size of what has none that can be read.</summary>
    internal const string NoHeader = "no readable header";

    /// <summary>
    /// Reads every sample in full, on several threads; the damaged ones in the order of the
    /// dataset.
    /// </summary>
    /// <param name="dataset">The samples.</param>
    /// <param name="threads">How many read at once.</param>
    /// <param name="progress">Called after each sample with the number of those done, by any of the
    /// threads.</param>
    /// <param name="stop">Ends it early.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static IReadOnlyList<DamagedSample> Verify(
        ImageDataset dataset, int threads, Action<int>? progress = null, CancellationToken stop = default)
    {
        ChannelNormalization identity = new(
            new double[dataset.Sample.Channels], [.. Enumerable.Repeat(1.0, dataset.Sample.Channels)]);
        SampleTransform transform = new(new Augmentation(), identity);
        List<DamagedSample> damaged = [];
        int done = 0;
        Parallel.For(
            0,
            dataset.Count,
            new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = stop },
            () => (Reader: dataset.OpenReader(), Bytes: new byte[dataset.Sample.Count],
                Values: new float[dataset.Sample.Count]),
            (index, _, own) =>
            {
                try
                {
                    own.Reader.Write(index, default, transform, new SampleRow(own.Bytes, own.Values));
                }
                catch (DataFileException problem)
                {
                    lock (damaged)
                    {
                        damaged.Add(new DamagedSample(index, problem.Message));
                    }
                }
                progress?.Invoke(Interlocked.Increment(ref done));
                return own;
            },
            own => own.Reader.Dispose());
        return [.. damaged.OrderBy(sample => sample.Index)];
    }

    /// <summary>
    /// Counts images by their shorter side: the number of those below each power of two, from 32
    /// on, that are in no earlier count.
    /// </summary>
    /// <returns>
    /// The upper ends that occur, with the number of images; first those without a readable header.
    /// </returns>
    internal static IReadOnlyList<SampleCount> Sizes(EncodedDataset dataset)
    {
        SortedDictionary<int, int> counts = [];
        byte[] buffer = [];
        for (int index = 0; index < dataset.Count; index++)
        {
            int below = PowerOfTwoAbove(ShorterSide(dataset, index, ref buffer));
            counts[below] = counts.GetValueOrDefault(below) + 1;
        }
        return [.. counts.Select(pair => new SampleCount(
            pair.Key == 0 ? NoHeader : string.Create(CultureInfo.InvariantCulture, $"shorter side below {pair.Key}"),
            pair.Value))];
    }

    // 0 when the image has no readable header.
    private static int ShorterSide(EncodedDataset dataset, int index, ref byte[] buffer)
    {
        try
        {
            int length = dataset.Load(index, ref buffer);
            (int width, int height) = dataset.Inspect(index, buffer.AsSpan(0, length));
            return Math.Min(width, height);
        }
        catch (DataFileException)
        {
            return 0;
        }
    }

    private static int PowerOfTwoAbove(int side) =>
        side == 0 ? 0 : Math.Max(SmallestEnd, (int)BitOperations.RoundUpToPowerOf2((uint)side + 1));
}
