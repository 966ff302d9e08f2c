using RevUp.Data.Transforms;
using RevUp.Tensors;

namespace RevUp.Data;

/// <summary>
/// A reader of samples that are no bytes, such as volumes and spectra: it says what the numbers
/// are, and this class normalises and mirrors them.
/// </summary>
/// <param name="sample">[1, (D), H, W, C].</param>
/// <remarks>
/// Where a recipe states no normalisation, each channel gets the mean 0 and the deviation 1 of the
/// training set. Numbers that are not finite are refused by sample.
/// </remarks>
public abstract class FloatReader(Shape sample) : SampleReader
{
    internal sealed override void Write(int index, SampleKey key, SampleTransform transform, SampleRow row)
    {
        (Augmentation augmentation, ChannelNormalization normalization) = transform;
        if (BytesOnly(augmentation) is { } setting)
        {
            throw new ConfigurationException(
                $"data.{setting} is set, and this dataset has samples of floats, which can only be mirrored and mixed; "
                + "leave it out.");
        }
        ReadWhole(index).CopyTo(row.Values);
        normalization.Apply(row.Values);
        AxisMirror.Draw(key, augmentation).Apply(row.Values, sample);
    }

    internal sealed override void Measure(int index, ChannelStatistics statistics) =>
        statistics.Add(ReadWhole(index));

    /// <summary>
    /// The (D)·H·W·C numbers of one sample, channels-last, valid until the next call.
    /// </summary>
    /// <param name="index">The sample, 0 .. N − 1.</param>
    /// <exception cref="DataFileException">The sample is missing or damaged.</exception>
    protected abstract ReadOnlySpan<float> Read(int index);

    // A setting that changes bytes alone.
    private static string? BytesOnly(Augmentation augmentation) =>
        augmentation.Padding > 0 ? "padding"
        : augmentation.Cutout > 0 ? "cutout"
        : augmentation.ColorJitter is not null ? "colorJitter"
        : null;

    private ReadOnlySpan<float> ReadWhole(int index)
    {
        ReadOnlySpan<float> values = Read(index);
        return values.Length == sample.Count
            ? values
            : throw new InvalidOperationException(
                $"{GetType().Name} read {values.Length} numbers for sample {index}, and a sample {sample} has "
                + $"{sample.Count}.");
    }
}
