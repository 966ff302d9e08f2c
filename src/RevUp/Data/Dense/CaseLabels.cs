namespace RevUp.Data.Dense;

/// <summary>From the numbers in label maps to labels 0 .. K − 1.</summary>
/// <param name="Names">Names of the K classes.</param>
/// <param name="Values">Number of each class in the files, in the order of the names.</param>
/// <param name="Ignored">Number of positions that do not count; null where there is none.</param>
/// <param name="Regions">Unions of classes that are measured as well; null for none.</param>
internal sealed record CaseLabels(
    IReadOnlyList<string> Names, IReadOnlyList<int> Values, int? Ignored, IReadOnlyList<ClassRegion>? Regions = null)
{
    // Of a whole number: a header's factor for the stored numbers, such as 1/255, leaves roundings.
    private const double Rounding = 1e-3;

    /// <summary>The whole number that a stored one means; null where it means none.</summary>
    public static int? Whole(double number) =>
        number is > -1 and <= ushort.MaxValue && Math.Abs(number - Math.Round(number)) <= Rounding
            ? (int)Math.Round(number)
            : null;

    /// <summary>The label of a number; null where it is none of them.</summary>
    public ushort? Find(double stored)
    {
        int? number = Whole(stored);
        if (number is not null && number == Ignored)
        {
            return VoxelLabels.Ignored;
        }
        for (int label = 0; label < Values.Count; label++)
        {
            if (Values[label] == number)
            {
                return (ushort)label;
            }
        }
        return null;
    }

    /// <summary>Writes the labels of numbers.</summary>
    /// <param name="path">Of the label map, for messages.</param>
    /// <param name="numbers">As they are stored, whole or not.</param>
    /// <param name="labels">One for each.</param>
    /// <param name="remedy">The thing to do about a number that is none of the classes.</param>
    /// <exception cref="DataFileException">
    /// A number is none of the classes; it is named.
    /// </exception>
    public void Convert<T>(string path, ReadOnlySpan<T> numbers, Span<ushort> labels, string remedy)
        where T : unmanaged, System.Numerics.INumber<T>
    {
        T last = T.Zero;
        ushort? label = null;
        for (int i = 0; i < numbers.Length; i++)
        {
            if (label is null || numbers[i] != last)
            {
                last = numbers[i];
                label = Find(double.CreateTruncating(last)) ?? throw new DataFileException(
                    path,
                    FormattableString.Invariant(
                        $"position {i} has the value {last}, and the classes have {string.Join(", ", Values)}; ")
                    + $"{remedy}.");
            }
            labels[i] = label.Value;
        }
    }
}
