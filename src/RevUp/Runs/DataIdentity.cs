using System.Security.Cryptography;
using RevUp.Data;

namespace RevUp.Runs;

/// <summary>By what a checkpoint knows its training set again, wherever that lies now.</summary>
/// <param name="Classes">Names of the K classes, in the order of the labels.</param>
/// <param name="Counts">Samples of each class; 0 where samples have none of their own.</param>
/// <param name="Fingerprint">
/// SHA-256 of label (-1 for a map or for numbers, which follow) and name of every sample in order,
/// without folders, in hexadecimal. Contents are not read.
/// </param>
internal sealed record DataIdentity(IReadOnlyList<string> Classes, IReadOnlyList<int> Counts, string Fingerprint)
{
    private const int Shown = 5;

    /// <summary>The identity of a dataset.</summary>
    public static DataIdentity Of(ImageDataset data)
    {
        int[] counts = new int[data.Classes.Count];
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (int i = 0; i < data.Count; i++)
        {
            int label = data.HasLabelMaps || data.HasTargets ? -1 : data.Label(i);
            // A label without a class is reported when its sample is loaded.
            if ((uint)label < (uint)counts.Length)
            {
                counts[label]++;
            }
            hash.AppendData(Encoding.UTF8.GetBytes(
                string.Create(CultureInfo.InvariantCulture, $"{label} {Path.GetFileName(data.Name(i))}\n")));
            hash.AppendData(data.HasTargets ? MemoryMarshal.AsBytes(data.Target(i)) : []);
        }
        return new DataIdentity(data.Classes, counts, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    /// <summary>How other data differs, in words; null when it is the same.</summary>
    public string? Difference(DataIdentity other)
    {
        if (Difference(Classes, other.Classes) is { } classes)
        {
            return classes;
        }
        string[] counts = [.. Classes.Zip(Counts, other.Counts).Where(entry => entry.Second != entry.Third).Select(
            entry => $"'{PrintableText.Of(entry.First)}' had {entry.Second} samples and has {entry.Third}")];
        return counts.Length > 0 ? List(counts)
            : Fingerprint != other.Fingerprint ? "there are as many samples, but other ones or in another order"
            : null;
    }

    /// <summary>
    /// How the names of classes differ, in words; null when they are the same, in the same order.
    /// </summary>
    public static string? Difference(IReadOnlyList<string> before, IReadOnlyList<string> now)
    {
        if (before.SequenceEqual(now))
        {
            return null;
        }
        string[] differences =
        [
            .. before.Except(now).Select(name => $"the class '{PrintableText.Of(name)}' is missing"),
            .. now.Except(before).Select(name => $"the class '{PrintableText.Of(name)}' is new"),
        ];
        return differences.Length > 0 ? List(differences) : "the classes are in another order";
    }

    private static string List(string[] texts) =>
        string.Join(", ", texts.Take(Shown)) + (texts.Length > Shown ? $", and {texts.Length - Shown} more" : "");
}
