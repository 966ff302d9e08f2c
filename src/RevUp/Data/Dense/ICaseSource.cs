namespace RevUp.Data.Dense;

/// <summary>One part of a folder, to be looked through case by case.</summary>
internal interface ICaseSource : IDisposable
{
    /// <summary>Number of cases.</summary>
    int Count { get; }

    /// <summary>Names of the channels.</summary>
    IReadOnlyList<string> Channels { get; }

    /// <summary>Names of the classes.</summary>
    IReadOnlyList<string> Classes { get; }

    /// <summary>Files that are no cases.</summary>
    IReadOnlyList<DataFinding> Findings { get; }

    /// <summary>Reads a label map, and the image too where all is read.</summary>
    /// <exception cref="DataFileException">The case cannot be used.</exception>
    CaseFacts Look(int index, bool isFull);
}
