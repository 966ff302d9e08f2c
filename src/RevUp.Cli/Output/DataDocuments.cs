using RevUp.Data;

namespace RevUp.Cli.Output;

/// <summary>Output of <c>data info --json</c>.</summary>
internal sealed record DataDocument(string Kind, IReadOnlyList<DatasetPart> Parts);

/// <summary>Output of <c>data verify --json</c>.</summary>
internal sealed record VerificationDocument(int Images, IReadOnlyList<string> Damaged, IReadOnlyList<string> Problems);

/// <summary>Output of <c>data pack --json</c>.</summary>
internal sealed record PackDocument(string Folder, int Images, int Shards);
