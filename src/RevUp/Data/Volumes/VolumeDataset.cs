using RevUp.Tensors;

namespace RevUp.Data.Volumes;

/// <summary>
/// Volumes in files of their own, NIfTI or raw, with labels from train.csv, test.csv and, where
/// there is one, validation.csv.
/// </summary>
/// <remarks>
/// Nothing but the two lists is kept in memory. NIfTI-1 and -2 are read, single files and pairs of
/// .hdr and .img, compressed or not; their axes are brought to one orientation. <see
/// cref="VolumeSettings"/> says how volumes of other extents become samples. Volumes may be
/// mirrored and mixed.
/// </remarks>
/// <example><code>
/// // train.csv: file,label
/// //            scans/0001.nii.gz,healthy
/// using var train = VolumeDataset.Open("scans", DatasetSplit.Train, new Shape(1, 64, 64, 64, 1));
/// </code></example>
internal sealed class VolumeDataset : ImageDataset
{
    // Of no influence on what is read where nothing must fit.
    private static readonly Shape s_any = new(1, 1, 1, 1, 1);

    private readonly (string File, int Label)[] _samples;
    private readonly VoxelType _rawType;
    private readonly VolumeSettings _settings;
    private IReadOnlyList<DataFinding> _findings = [];
    private bool _isToVerify;

    private VolumeDataset(
        (string File, int Label)[] samples,
        IReadOnlyList<string> classes,
        Shape sample,
        VoxelType rawType,
        VolumeSettings settings)
    {
        (_samples, Classes, Sample, _rawType, _settings) = (samples, classes, sample, rawType, settings);
    }

    public override int Count => _samples.Length;

    /// <summary>
    /// The different labels of train.csv: in order of their values when all are whole numbers, and
    /// of their characters otherwise.
    /// </summary>
    public override IReadOnlyList<string> Classes { get; }

    public override Shape Sample { get; }

    internal override IReadOnlyList<DataFinding> Findings => _findings;

    /// <summary>Whether each volume has its own mean and deviation.</summary>
    internal bool IsNormalized => _settings.Normalization == VolumeNormalization.Volume;

    /// <summary>
    /// Reads the lists of <paramref name="folder"/>: CSV with the columns file and label; files are
    /// named from the folder.
    /// </summary>
    /// <param name="folder">Where train.csv and test.csv are.</param>
    /// <param name="split">Which list.</param>
    /// <param name="sample">[1, D, H, W, C], of every sample.</param>
    /// <param name="rawType">The numbers of files that are not NIfTI.</param>
    /// <param name="settings">
    /// How volumes become samples; by default they must have the sample's shape.
    /// </param>
    /// <exception cref="DataFileException">
    /// A list is missing or damaged, or train.csv does not have a label that test.csv has.
    /// </exception>
    public static VolumeDataset Open(
        string folder,
        DatasetSplit split,
        Shape sample,
        VoxelType rawType = VoxelType.UInt8,
        VolumeSettings? settings = null)
    {
        string path = Path.Combine(folder, "train.csv");
        List<(string File, string Label)> lines = VolumeList.Read(path);
        RequireClasses(path, lines);
        string[] classes = ClassNames.Sort(lines.Select(line => line.Label));
        if (split != DatasetSplit.Train)
        {
            path = FindList(folder, split) ?? Path.Combine(folder, ListsOf(split)[0]);
            lines = VolumeList.Read(path);
        }
        int[] labels = ClassNames.Labels(lines.Select(line => line.Label), classes, _ => path);
        (string, int)[] samples = [.. lines.Zip(labels, (line, label) => (Path.Combine(folder, line.File), label))];
        return new VolumeDataset(samples, classes, sample, rawType, settings ?? new VolumeSettings());
    }

    // The name of a file as a label would become a class of its own, and training would learn it.
    private static void RequireClasses(string path, List<(string File, string Label)> lines)
    {
        string? map = lines.Select(line => line.Label).FirstOrDefault(
            label => VolumePaths.IsNifti(label) || VolumePaths.IsForeign(label) || FileNames.IsImage(label));
        DataFileException.Require(
            map is null, path,
            $"the label '{map}' looks like a file, so this is a list of label maps and not of classes; arrange the "
            + $"cases as nnU-Net does (dataset.json, imagesTr, labelsTr) and set data.dataset=segmentationFolder.");
    }

    /// <summary>The list of a part; null where the folder has none.</summary>
    internal static string? FindList(string folder, DatasetSplit split) =>
        ListsOf(split).Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <summary>
    /// The parts that have a list, and the training set: a test set, too, where there is no other
    /// part. A list that is missing is named when it is opened.
    /// </summary>
    internal static DatasetSplit[] Parts(string folder)
    {
        DatasetSplit[] others = [DatasetSplit.Validation, DatasetSplit.Test];
        others = [.. others.Where(split => FindList(folder, split) is not null)];
        return [DatasetSplit.Train, .. others.Length > 0 ? others : [DatasetSplit.Test]];
    }

    private static string[] ListsOf(DatasetSplit split) => split switch
    {
        DatasetSplit.Train => ["train.csv"],
        DatasetSplit.Validation => ["validation.csv", "val.csv", "valid.csv"],
        _ => ["test.csv"],
    };

    /// <summary>
    /// Opens a list to look at its files: none has to fit, and those that are missing are among
    /// <see cref="Findings"/>.
    /// </summary>
    internal static VolumeDataset OpenAny(string folder, DatasetSplit split)
    {
        VolumeDataset volumes = Open(folder, split, s_any, settings: new VolumeSettings());
        volumes._isToVerify = true;
        DataFindings findings = new();
        foreach ((string file, _) in volumes._samples.Where(sample => !File.Exists(sample.File)))
        {
            findings.AddProblem("file of the list that is not there", file);
        }
        volumes._findings = findings.ToList();
        return volumes;
    }

    public override int Label(int index) => _samples[index].Label;

    public override string Name(int index) => _samples[index].File;

    public override SampleReader OpenReader() =>
        _isToVerify ? new Verifier(this) : new VolumeReader(this, new VolumeFile(Sample, _rawType, _settings));

    /// <summary>How many volumes there are of each size, by their headers.</summary>
    internal IReadOnlyList<SampleCount> Sizes() =>
        [.. _samples.CountBy(
            sample => VolumeFile.DescribeSize(sample.File)).OrderBy(size => size.Key, StringComparer.Ordinal)
            .Select(size => new SampleCount(size.Key, size.Value))];

    private sealed class Verifier(VolumeDataset dataset) : SampleReader
    {
        internal override void Write(int index, SampleKey key, SampleTransform transform, SampleRow row)
        {
            VolumeFile.Verify(dataset.Name(index));
            row.Values.Clear();
        }

        internal override void Measure(int index, ChannelStatistics statistics) =>
            VolumeFile.Verify(dataset.Name(index));
    }
}
