using RevUp.Tensors;

namespace RevUp.Data;

/// <summary>
/// Seeded images that a classifier can learn: x = clip(128 + 64 · plane wave of the class + 32 ·
/// noise), labels 0, 1, .., K − 1, 0, 1, ...
/// </summary>
/// <remarks>
/// For tests, and for measuring memory and speed at any size without a download. The splits of one
/// seed share their classes and no image.
/// </remarks>
internal sealed class SyntheticDataset : MemoryDataset
{
    // Streams of CounterRandom under the dataset's own seed.
    private const long ClassStream = 0;
    private const long TrainStream = 1;
    private const long TestStream = 2;

    private SyntheticDataset(byte[] pixels, byte[] labels, Shape sample, string[] classes)
        : base(pixels, labels, sample, classes)
    {
    }

    /// <summary>
    /// Draws N images [H, W, C] or volumes [D, H, W, C] in K classes, all at once; a volume has the
    /// waves of an image of D·H rows.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A number is not positive, there are more than 256 classes, or the samples exceed one array
    /// (2 GiB).
    /// </exception>
    public static SyntheticDataset Create(
        int count, Shape sample, int classes, ulong seed, DatasetSplit split = DatasetSplit.Train)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(classes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(classes, byte.MaxValue + 1);
        Int128 bytes = (Int128)count * sample.Count;
        if (bytes > Array.MaxLength)
        {
            throw new ArgumentOutOfRangeException(
                nameof(count), count,
                $"Samples {sample} take {bytes} bytes, over the {Array.MaxLength} of one array; ask for fewer or "
                + "smaller.");
        }
        (int width, int channels) = (sample[sample.Rank - 2], sample.Channels);
        int height = (int)(sample.Positions / width);
        int length = height * width * channels;
        float[][] waves =
            [.. Enumerable.Range(0, classes).Select(label => PlaneWave(seed, label, height, width, channels))];
        byte[] pixels = new byte[(int)bytes];
        byte[] labels = new byte[count];
        for (int index = 0; index < count; index++)
        {
            CounterRandom random = new(seed, split == DatasetSplit.Train ? TrainStream : TestStream, index);
            labels[index] = (byte)(index % classes);
            float[] wave = waves[labels[index]];
            Span<byte> image = pixels.AsSpan(index * length, length);
            for (int i = 0; i < length; i++)
            {
                image[i] = (byte)Math.Clamp(128 + 64 * wave[i] + 32 * random.NextNormal(), 0, 255);
            }
        }
        string[] names =
            [.. Enumerable.Range(0, classes).Select(label => label.ToString(CultureInfo.InvariantCulture))];
        return new SyntheticDataset(pixels, labels, sample, names);
    }

    // H × W × C. Less than two periods per image, so that pad-crop by a few pixels does not turn
    // one class into another.
    private static float[] PlaneWave(ulong seed, int label, int height, int width, int channels)
    {
        CounterRandom random = new(seed, ClassStream, label);
        double vertical = 2 * Math.PI * (0.5 + random.NextDouble()) / height;
        double horizontal = 2 * Math.PI * (0.5 + random.NextDouble()) / width;
        float[] wave = new float[height * width * channels];
        for (int channel = 0; channel < channels; channel++)
        {
            double phase = 2 * Math.PI * random.NextDouble();
            for (int pixel = 0; pixel < height * width; pixel++)
            {
                int y = pixel / width, x = pixel % width;
                wave[pixel * channels + channel] = (float)Math.Sin(vertical * y + horizontal * x + phase);
            }
        }
        return wave;
    }
}
