namespace RevUp.Data;

/// <summary>From the names of classes, as files have them, to labels.</summary>
internal static class ClassNames
{
    /// <summary>
    /// The different names: in order of their values when all are whole numbers (01 before 1), and
    /// of their characters otherwise.
    /// </summary>
    public static string[] Sort(IEnumerable<string> names)
    {
        string[] distinct = [.. names.Distinct()];
        if (distinct.All(name => TryNumber(name, out _)))
        {
            return [.. distinct.OrderBy(name => TryNumber(name, out int number) ? number : 0)
                .ThenBy(name => name, StringComparer.Ordinal)];
        }
        Array.Sort(distinct, string.CompareOrdinal);
        return distinct;
    }

    /// <summary>The place of every name among the classes.</summary>
    /// <param name="names">One for each sample.</param>
    /// <param name="classes">All there are.</param>
    /// <param name="origin">The file that says what class a sample has.</param>
    /// <exception cref="DataFileException">A name is not one of them.</exception>
    public static int[] Labels(IEnumerable<string> names, IReadOnlyList<string> classes, Func<int, string> origin)
    {
        Dictionary<string, int> places =
            classes.Select((name, label) => (name, label)).ToDictionary(pair => pair.name, pair => pair.label);
        return [.. names.Select(
            (name, sample) =>
                places.TryGetValue(name, out int label) ? label : throw Unknown(name, classes, origin(sample)))];
    }

    private static DataFileException Unknown(string name, IReadOnlyList<string> classes, string origin)
    {
        const int Shown = 10;
        string known = string.Join(", ", classes.Take(Shown)) + (classes.Count > Shown ? ", ..." : "");
        string hint = classes.Prepend(name).Any(HasMarks)
            ? " Names may look alike and differ in their Unicode form (é, or e and an accent); "
                + "rename them, as with 'convmv --nfc'."
            : "";
        return new DataFileException(
            origin,
            $"the class '{name}' is not one of the {classes.Count} of the training set ({known}); correct or remove "
            + $"it.{hint}");
    }

    private static bool HasMarks(string name) =>
        name.Any(character => CharUnicodeInfo.GetUnicodeCategory(character) == UnicodeCategory.NonSpacingMark);

    private static bool TryNumber(string name, out int number) =>
        int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
