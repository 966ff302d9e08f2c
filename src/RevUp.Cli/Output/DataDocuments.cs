using RevUp.Data;

namespace RevUp.Cli.Output;

/// <summary>What <c>data info --json</c> prints.</summary>
internal sealed record DataDocument(string Kind, IReadOnlyList<DatasetPart> Parts);

/// <summary>What <c>data verify --json</c> prints.</summary>
internal sealed record VerificationDocument(int Images, IReadOnlyList<string> Damaged, IReadOnlyList<string> Problems);

/// <summary>What <c>data pack --json</c> prints.</summary>
internal sealed record PackDocument(string Folder, int Images, int Shards);
