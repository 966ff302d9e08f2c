using System.Globalization;
using RevUp.Data.Volumes;

namespace RevUp.Data.Dense;

/// <summary>Channels and classes of cases without dataset.json, by their files.</summary>
internal static class UndescribedCases
{
    /// <summary>A finding that tells what was taken for granted.</summary>
    public const string Note =
        "missing description, so classes are the numbers in the label maps, and no channel is taken as CT";

    // More distinct numbers are an image and no label map.
    private const int MostClasses = 1000;

    /// <summary>
    /// Channels by the files of a case: one a file, or all in one; named by number.
    /// </summary>
    public static IReadOnlyList<string> Channels(CaseFiles files)
    {
        int channels = files.Images.Count > 1
            ? files.Images.Count
            : SourceCase.ReadGrid(files.Images[0]).Extents.Channels;
        return [.. Enumerable.Range(0, channels).Select(Name)];
    }

    /// <summary>The numbers in all label maps, named by number; 0 is the background.</summary>
    /// <exception cref="DataFileException">
    /// A number is not whole or out of range, or there is one number alone or too many.
    /// </exception>
    public static CaseLabels Labels(string folder, IReadOnlyList<CaseFiles> cases)
    {
        SortedSet<int> values = [];
        foreach (CaseFiles files in cases)
        {
            float last = float.NaN;
            foreach (float number in SourceCase.ReadNumbers(files).Values)
            {
                if (number != last)
                {
                    last = number;
                    values.Add(Whole(files.Labels!, number));
                }
            }
            if (values.Count > MostClasses)
            {
                throw new DataFileException(
                    files.Labels!,
                    $"the label maps up to it have {values.Count} different numbers, more than {MostClasses} classes; "
                    + "put label maps into labelsTr, and the images into imagesTr.");
            }
        }
        return values.Count > 1
            ? new CaseLabels([.. values.Select(value => value == 0 ? "background" : Name(value))], [.. values], null)
            : throw new DataFileException(
                folder,
                $"every label is {values.Min}; add cases with other classes, or name the classes in dataset.json.");
    }

    private static string Name(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static int Whole(string path, float number) =>
        CaseLabels.Whole(number) is { } whole and < VoxelLabels.Ignored
            ? whole
            : throw new DataFileException(
                path,
                string.Create(CultureInfo.InvariantCulture, $"a label is {number}; ")
                + $"labels are whole numbers from 0 to {VoxelLabels.Ignored - 1}, so correct the map.");
}
