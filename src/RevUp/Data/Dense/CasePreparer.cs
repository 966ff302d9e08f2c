using System.Text.Json;
using RevUp.Formats;

namespace RevUp.Data.Dense;

/// <summary>Prepares the cases of a folder: into a folder of their own, or in memory.</summary>
internal static class CasePreparer
{
    // Values that are not normalised may exceed float16.
    private static bool FitsHalf(DensePreparation preparation) =>
        preparation.Channels.All(rule => rule.Kind != ChannelRuleKind.None);

    /// <summary>
    /// Prepares all cases into a folder, or goes on where an earlier call stopped.
    /// </summary>
    /// <param name="source">The folder as it was downloaded.</param>
    /// <param name="output">The folder to write; new, or of an earlier call with the same source.
    /// </param>
    /// <param name="spacing">Millimetres along D, H, W; empty for the training cases' median.</param>
    /// <param name="isSingle">Whether values are stored as float32 and not as float16.</param>
    /// <param name="progress">Takes the number of steps that are done and of all: two a case.</param>
    /// <param name="stop">Ends it after the case in hand.</param>
    /// <exception cref="DataFileException">A file is missing, damaged or does not fit.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static PreparedFolder Prepare(
        SegmentationFolder source,
        string output,
        IReadOnlyList<double> spacing,
        bool isSingle,
        Action<int, int> progress,
        CancellationToken stop)
    {
        int training = source.Cases.Count(files => files.Part == "train"), all = training + source.Cases.Count, done = 0;
        PreparedFolder prepared;
        if (File.Exists(PreparedFolder.PathIn(output)))
        {
            prepared = PreparedFolder.Read(output);
            RequireSame(source, output, spacing, prepared);
            done = training;
        }
        else
        {
            RequireEmpty(output);
            DensePreparation rules = Measure(source, spacing, () => progress(++done, all), stop);
            prepared = new PreparedFolder(
                PreparedFolder.Version, Path.GetFullPath(source.Path), rules, source.Labels, Names(source));
            Directory.CreateDirectory(Path.Combine(output, "cases"));
            WholeFile.Write(
                PreparedFolder.PathIn(output), JsonSerializer.Serialize(prepared, PreparedJson.Default.PreparedFolder));
        }
        bool isHalf = !isSingle && FitsHalf(prepared.Preparation);
        foreach (CaseFiles files in source.Cases)
        {
            stop.ThrowIfCancellationRequested();
            string record = PreparedFolder.Record(output, files.Name);
            if (!File.Exists(record))
            {
                (CaseRecord described, byte[] bytes) = Encode(source, files, prepared.Preparation, isHalf);
                string numbers = PreparedFolder.Numbers(output, files.Name), temporary = numbers + ".incomplete";
                File.WriteAllBytes(temporary, bytes);
                File.Move(temporary, numbers, overwrite: true);
                WholeFile.Write(record, JsonSerializer.Serialize(described, PreparedJson.Default.CaseRecord));
            }
            progress(++done, all);
        }
        return prepared;
    }

    /// <summary>Prepares one part in memory.</summary>
    /// <param name="source">The folder as it was downloaded.</param>
    /// <param name="part">"train", "validation" or "test".</param>
    /// <param name="spacing">Millimetres along D, H, W; empty for the training cases' median.</param>
    /// <param name="limit">The most bytes that the part may take.</param>
    /// <exception cref="DataFileException">
    /// A file is missing, damaged or does not fit, or the part takes more than the limit.
    /// </exception>
    public static PreparedCases InMemory(
        SegmentationFolder source, string part, IReadOnlyList<double> spacing, long limit)
    {
        DensePreparation rules = Measure(source, spacing, () => { }, CancellationToken.None);
        List<(CaseRecord, CaseBytes)> cases = [];
        long taken = 0;
        foreach (CaseFiles files in source.Cases.Where(files => files.Part == part))
        {
            (CaseRecord record, byte[] bytes) = Encode(source, files, rules, FitsHalf(rules));
            taken += bytes.Length;
            if (taken > limit)
            {
                throw new DataFileException(
                    source.Path,
                    $"its part '{part}' takes more than {limit} bytes of memory (data.cacheBytes) when it is prepared; "
                    + "run 'revup data prepare dense' on it and set data.path to the result.");
            }
            cases.Add((record, new CaseBytes(bytes)));
        }
        return new PreparedCases(rules, source.Labels, [.. cases], source.Findings);
    }

    private static DensePreparation Measure(
        SegmentationFolder source, IReadOnlyList<double> spacing, Action progress, CancellationToken stop)
    {
        Fingerprint fingerprint = new(source.Channels);
        int firstForeground = source.Labels.Values[0] == 0 ? 1 : 0;
        foreach (CaseFiles files in source.Cases.Where(files => files.Part == "train"))
        {
            stop.ThrowIfCancellationRequested();
            fingerprint.Add(SourceCase.Read(files, source.Channels.Count, source.Labels), firstForeground);
            progress();
        }
        return fingerprint.ToPreparation(spacing, source.Path);
    }

    private static (CaseRecord Record, byte[] Bytes) Encode(
        SegmentationFolder source, CaseFiles files, DensePreparation rules, bool isHalf)
    {
        SourceCase read = SourceCase.Read(files, source.Channels.Count, source.Labels);
        return CaseEncoding.Encode(rules.Apply(read, files.Name), files.Part, source.Labels.Names.Count, isHalf);
    }

    private static Dictionary<string, IReadOnlyList<string>> Names(SegmentationFolder source) => source.Cases
        .GroupBy(files => files.Part)
        .ToDictionary(part => part.Key, IReadOnlyList<string> (part) => [.. part.Select(files => files.Name)]);

    private static void RequireEmpty(string output)
    {
        if (File.Exists(output) || (Directory.Exists(output) && Directory.EnumerateFileSystemEntries(output).Any()))
        {
            throw new DataFileException(
                output, "it exists and is no folder of prepared cases; name a new folder for the output.");
        }
    }

    private static void RequireSame(
        SegmentationFolder source, string output, IReadOnlyList<double> spacing, PreparedFolder prepared)
    {
        bool isSame = prepared.Source == Path.GetFullPath(source.Path)
            && prepared.Labels.Names.SequenceEqual(source.Labels.Names)
            && prepared.Labels.Values.SequenceEqual(source.Labels.Values)
            && prepared.Preparation.Channels.Select(rule => rule.Name).SequenceEqual(source.Channels)
            && (spacing.Count == 0 || prepared.Preparation.Spacing.SequenceEqual(spacing))
            && Names(source).All(
                part => prepared.Cases.TryGetValue(part.Key, out IReadOnlyList<string>? names)
                    && names.SequenceEqual(part.Value));
        if (!isSame)
        {
            throw new DataFileException(
                output,
                $"it was prepared from {prepared.Source} with the spacing [{string.Join(", ", prepared.Preparation.Spacing)}], "
                + "and the cases, the classes or the spacing are others now; name a new folder for the output.");
        }
    }
}
