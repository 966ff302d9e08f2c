using RevUp.Data.Dense;

namespace RevUp.Cli.Output;

/// <summary>Output of <c>data info --json</c>.</summary>
internal sealed record DataDocument(string Kind, IReadOnlyList<DatasetPart> Parts);

/// <summary>Output of <c>data verify --json</c>.</summary>
internal sealed record VerificationDocument(int Images, IReadOnlyList<string> Damaged, IReadOnlyList<string> Problems);

/// <summary>Output of <c>data pack --json</c>.</summary>
internal sealed record PackDocument(string Folder, int Images, int Shards);

/// <summary>Output of <c>data info --json</c> for data with label maps.</summary>
internal sealed record DenseDataDocument(string Kind, IReadOnlyList<DensePart> Parts);

/// <summary>Output of <c>data prepare dense --json</c>.</summary>
internal sealed record PrepareDocument(
    string Folder,
    int Cases,
    IReadOnlyList<double> Spacing,
    IReadOnlyList<string> Channels,
    IReadOnlyList<string> Classes);
