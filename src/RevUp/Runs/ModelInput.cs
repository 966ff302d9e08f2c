using RevUp.Data;

namespace RevUp.Runs;

/// <summary>Samples that a network was trained on, as a predictor must get them.</summary>
/// <param name="Kind">Bytes or floats.</param>
/// <param name="Resize">
/// <see cref="Augmentation.Resize"/> of evaluations: how an image of another size is framed.
/// </param>
internal sealed record ModelInput(
    [property: JsonRequired] SampleKind Kind,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] int Resize = 0)
{
    // A value that lies this many widths outside the range of the training set has another unit:
    // fractions and bytes differ by 255, percent and fractions by 100.
    private const double Widths = 10;

    /// <summary>
    /// Least and greatest value of the training set's floats; null for bytes, and where they were
    /// not measured.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<double>? Range { get; init; }

    /// <summary>
    /// The first value that is in another unit than the training set's; -1 for none.
    /// </summary>
    public int IndexOfOtherUnit(ReadOnlySpan<float> values)
    {
        if (Range is not [double low, double high])
        {
            return -1;
        }
        double margin = Widths * Math.Max(high - low, float.Epsilon);
        return values.IndexOfAnyExceptInRange((float)(low - margin), (float)(high + margin));
    }
}
