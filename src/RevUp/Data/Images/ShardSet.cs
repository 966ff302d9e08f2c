namespace RevUp.Data.Images;

/// <summary>The shards of a folder and the samples in them.</summary>
/// <param name="Shards">Files, by name.</param>
/// <param name="Samples">In the order of the shards, and of the images within.</param>
/// <param name="Findings">Members that no sample was made of.</param>
internal sealed record ShardSet(string[] Shards, ShardSample[] Samples, IReadOnlyList<DataFinding> Findings)
{
    private const string ImageNetRemedy = " For ImageNet as it unpacks, run 'revup data prepare imagenet'.";

    /// <summary>Indexes the shards of a folder.</summary>
    /// <param name="folder">Where they are.</param>
    /// <param name="classes">The names of the labels in .cls members; null when the labels are the
    /// names.</param>
    /// <exception cref="DataFileException">There is no shard, no image in them, or an image without
    /// a class.</exception>
    public static ShardSet Index(string folder, string[]? classes) => Index(folder, ShardFile.List(folder), classes);

    /// <summary>Indexes given shards.</summary>
    /// <param name="folder">Folder that messages name.</param>
    /// <param name="shards">Files.</param>
    /// <param name="classes">See above.</param>
    /// <param name="classOf">The class of an image without folder and label, by its name; null
    /// where it must have one.</param>
    /// <exception cref="DataFileException">There is no image, or one without a class.</exception>
    public static ShardSet Index(
        string folder, string[] shards, string[]? classes, Func<string, string>? classOf = null)
    {
        if (shards.Length == 0)
        {
            bool isImageNet = Directory.Exists(folder) && Directory.EnumerateFiles(folder, "ILSVRC2012*").Any();
            throw new DataFileException(
                folder,
                "there is no shard (*.tar) in this folder; name the one with the shards."
                + (isImageNet ? ImageNetRemedy : ""));
        }
        DataFindings findings = new();
        List<ShardSample> samples = [];
        for (int shard = 0; shard < shards.Length; shard++)
        {
            TarIndex.Read(shards[shard], shard, classes, samples, findings);
        }
        if (classOf is not null)
        {
            samples = [.. samples.Select(sample => sample with { Class = classOf(sample.Name) })];
        }
        if (samples.Any(sample => sample.HasLabel))
        {
            foreach (ShardSample sample in samples.Where(sample => !sample.HasLabel))
            {
                findings.AddProblem(
                    "image without a label, where others have one", $"{shards[sample.Shard]}:{sample.Name}");
            }
            samples.RemoveAll(sample => !sample.HasLabel);
        }
        else if (samples.FirstOrDefault(sample => sample.Class.Length == 0) is { Name: not null } bare)
        {
            string imageNet = bare.Name.Contains("ILSVRC2012", StringComparison.Ordinal) ? ImageNetRemedy : "";
            string key = bare.Name[..^Path.GetExtension(bare.Name).Length];
            throw new DataFileException(
                shards[bare.Shard],
                bare.Offset,
                $"the image {bare.Name} has no class: neither {key}.cls nor a folder in its name.{imageNet}");
        }
        return samples.Count > 0 ? new ShardSet(shards, [.. samples], findings.ToList()) : throw Empty(
            folder, shards, findings.ToList());
    }

    private static DataFileException Empty(string folder, string[] shards, IReadOnlyList<DataFinding> findings)
    {
        string instead = findings.Count == 0
            ? ""
            : $"; {findings[0].Count} × {findings[0].What}, such as {findings[0].Examples[0]}";
        return new DataFileException(
            folder,
            $"its shards have no image (.jpg, .jpeg or .png){instead}; the first of {shards.Length} is {shards[0]}.");
    }
}
