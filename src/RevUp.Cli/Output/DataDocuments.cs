using RevUp.Data.Images;

namespace RevUp.Cli.Output;

/// <summary>What <c>data info --json</c> prints.</summary>
internal sealed record DataDocument(int Images, IReadOnlyList<ClassEntry> Classes, IReadOnlyList<SizeEntry> Sizes)
{
    public int SmallestClass => Classes.Min(entry => entry.Images);

    public int LargestClass => Classes.Max(entry => entry.Images);

    public static DataDocument From(EncodedDataset images)
    {
        int[] counts = new int[images.Classes.Count];
        for (int index = 0; index < images.Count; index++)
        {
            counts[images.Label(index)]++;
        }
        ClassEntry[] classes = [.. images.Classes.Select((name, label) => new ClassEntry(name, counts[label]))];
        return new DataDocument(images.Count, classes, [.. ImageSets.Sizes(images).Select(size => new SizeEntry(size.Below, size.Images))]);
    }
}

/// <summary>One class, in the order of the labels.</summary>
internal sealed record ClassEntry(string Name, int Images);

/// <summary>Images whose shorter side is less than this many pixels, and in no smaller entry; 0 for those without a readable header.</summary>
internal sealed record SizeEntry(int Below, int Images);

/// <summary>What <c>data verify --json</c> prints.</summary>
internal sealed record VerificationDocument(int Images, IReadOnlyList<string> Damaged);

/// <summary>What <c>data pack --json</c> prints.</summary>
internal sealed record PackDocument(string Folder, int Images, int Shards);
