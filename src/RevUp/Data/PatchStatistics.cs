using RevUp.Tensors;

namespace RevUp.Data;

/// <summary>
/// Second moments of the patches of a dataset: E[v·vᵀ] over patches v of k positions per axis, as a
/// convolution's kernel lies on them, [(k), k, k, C].
/// </summary>
internal static class PatchStatistics
{
    private const int Samples = 2000;
    private const int PatchesOfSample = 1000;

    /// <summary>
    /// The moments over normalised samples without augmentation, spread evenly over the dataset,
    /// and over patches spread evenly over a sample.
    /// </summary>
    /// <param name="dataset">The training set.</param>
    /// <param name="normalization">Of the training set.</param>
    /// <param name="augmentation">Frames the samples; must draw nothing.</param>
    /// <param name="kernel">k.</param>
    /// <returns>Symmetric, [kᵈ·C, kᵈ·C], float64.</returns>
    /// <exception cref="DataFileException">None of the samples can be read.</exception>
    /// <exception cref="ConfigurationException">The samples are smaller than a patch.</exception>
    public static double[,] Moments(
        ImageDataset dataset, ChannelNormalization normalization, Augmentation augmentation, int kernel)
    {
        Shape sample = dataset.Sample;
        int[] offsets = Offsets(sample, kernel), starts = Starts(sample, kernel);
        SampleTransform transform = new(augmentation, normalization);
        byte[] bytes = new byte[sample.Count];
        float[] values = new float[sample.Count];
        ushort[] labels = new ushort[dataset.HasLabelMaps ? sample.Positions : 0];
        double[] patch = new double[offsets.Length];
        double[,] sums = new double[offsets.Length, offsets.Length];
        long patches = 0;
        using SampleReader reader = dataset.OpenReader();
        int samples = Math.Min(dataset.Count, Samples), damaged = 0;
        for (int i = 0; i < samples; i++)
        {
            int index = (int)((long)i * dataset.Count / samples);
            try
            {
                Read(reader, index, transform, bytes, values, labels);
            }
            catch (DataFileException) when (++damaged < samples)
            {
                continue;
            }
            foreach (int start in starts)
            {
                Add(values, start, offsets, patch, sums);
            }
            patches += starts.Length;
        }
        for (int row = 0; row < offsets.Length; row++)
        {
            for (int column = 0; column <= row; column++)
            {
                sums[column, row] = sums[row, column] /= patches;
            }
        }
        return sums;
    }

    private static void Read(
        SampleReader reader, int index, SampleTransform transform, Span<byte> bytes, Span<float> values,
        Span<ushort> labels)
    {
        SampleRow row = reader.WritesBytes ? new(bytes, default) : new(default, values, labels: labels);
        reader.Write(index, new SampleKey(Seed: 0, Epoch: 0, index), transform, row);
        if (reader.WritesBytes)
        {
            int channels = transform.Normalization.Mean.Count;
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = transform.Normalization.Table(i % channels)[bytes[i]];
            }
        }
    }

    private static void Add(float[] values, int start, int[] offsets, double[] patch, double[,] sums)
    {
        for (int i = 0; i < patch.Length; i++)
        {
            patch[i] = values[start + offsets[i]];
        }
        for (int row = 0; row < patch.Length; row++)
        {
            for (int column = 0; column <= row; column++)
            {
                sums[row, column] += patch[row] * patch[column];
            }
        }
    }

    // Of a patch's elements from its first one, in the order of a kernel.
    private static int[] Offsets(Shape sample, int kernel)
    {
        Shape patch = sample;
        for (int axis = 0; axis < sample.SpatialRank; axis++)
        {
            patch = patch.With(axis + 1, kernel);
        }
        return [.. Enumerable.Range(0, (int)patch.Count).Select(i => (int)Place(i, patch, sample))];
    }

    // First elements of the patches that lie inside a sample.
    private static int[] Starts(Shape sample, int kernel)
    {
        Shape places = sample.WithChannels(1);
        for (int axis = 0; axis < sample.SpatialRank; axis++)
        {
            ConfigurationException.Require(
                sample.Extent(axis) >= kernel,
                $"model.stem is 'whitened', which needs samples of {kernel} positions along every axis, and they are "
                + $"{sample}; use 'convolution'");
            places = places.With(axis + 1, sample.Extent(axis) - kernel + 1);
        }
        int count = (int)Math.Min(places.Count, PatchesOfSample);
        return [.. Enumerable.Range(0, count).Select(i => (int)Place(i * places.Count / count, places, sample))];
    }

    // Offset in a sample of element i of a box at its first corner.
    private static long Place(long i, Shape box, Shape sample)
    {
        long place = i % box.Channels, stride = sample.Channels;
        i /= box.Channels;
        for (int axis = sample.SpatialRank - 1; axis >= 0; axis--)
        {
            place += i % box.Extent(axis) * stride;
            i /= box.Extent(axis);
            stride *= sample.Extent(axis);
        }
        return place;
    }
}
