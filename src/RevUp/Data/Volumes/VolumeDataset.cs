using RevUp.Tensors;

namespace RevUp.Data.Volumes;

/// <summary>Volumes of one shape in files of their own, NIfTI-1 or raw, with labels from train.csv and test.csv.</summary>
/// <remarks>Nothing but the two lists is kept in memory. Volumes may be mirrored in W and mixed; they are not cropped or scaled.</remarks>
/// <example><code>
/// // train.csv: file,label
/// //            scans/0001.nii.gz,healthy
/// using var train = VolumeDataset.Open("scans", DatasetSplit.Train, new Shape(1, 64, 64, 64, 1));
/// </code></example>
public sealed class VolumeDataset : ImageDataset
{
    private const string Header = "file,label";

    private readonly (string File, int Label)[] _samples;
    private readonly VoxelType _rawType;

    private VolumeDataset((string File, int Label)[] samples, IReadOnlyList<string> classes, Shape sample, VoxelType rawType)
    {
        (_samples, Classes, Sample, _rawType) = (samples, classes, sample, rawType);
    }

    /// <inheritdoc/>
    public override int Count => _samples.Length;

    /// <summary>The different labels of train.csv: in order of their values when all are whole numbers, and of their characters otherwise.</summary>
    public override IReadOnlyList<string> Classes { get; }

    /// <inheritdoc/>
    public override Shape Sample { get; }

    /// <summary>Reads the lists of <paramref name="folder"/>: a line "file,label", then such lines; files are named from the folder.</summary>
    /// <param name="folder">Where train.csv and test.csv are.</param>
    /// <param name="split">Which list.</param>
    /// <param name="sample">[1, D, H, W, C], of every volume.</param>
    /// <param name="rawType">The numbers of files that are not NIfTI.</param>
    /// <exception cref="DataFileException">A list is missing or damaged, or train.csv does not have a label that test.csv has.</exception>
    public static VolumeDataset Open(string folder, DatasetSplit split, Shape sample, VoxelType rawType = VoxelType.UInt8)
    {
        string path = Path.Combine(folder, "train.csv");
        List<(string File, string Label)> lines = ReadList(path);
        string[] classes = ClassNames.Sort(lines.Select(line => line.Label));
        if (split == DatasetSplit.Test)
        {
            path = Path.Combine(folder, "test.csv");
            lines = ReadList(path);
        }
        int[] labels = ClassNames.Labels(lines.Select(line => line.Label), classes, _ => path);
        return new VolumeDataset([.. lines.Zip(labels, (line, label) => (Path.Combine(folder, line.File), label))], classes, sample, rawType);
    }

    /// <inheritdoc/>
    public override int Label(int index) => _samples[index].Label;

    /// <inheritdoc/>
    public override string Name(int index) => _samples[index].File;

    /// <inheritdoc/>
    public override SampleReader OpenReader() => new Reader(this);

    /// <summary>How many volumes there are of each size, by their headers.</summary>
    internal IReadOnlyList<SampleCount> Sizes() =>
        [.. _samples.CountBy(sample => VolumeFile.DescribeSize(sample.File)).OrderBy(size => size.Key, StringComparer.Ordinal)
            .Select(size => new SampleCount(size.Key, size.Value))];

    private static List<(string File, string Label)> ReadList(string path)
    {
        List<(string, string)> lines = [];
        try
        {
            int number = 0;
            foreach (string line in File.ReadLines(path))
            {
                number++;
                if (number == 1 ? line.Trim() == Header : line.Length == 0)
                {
                    continue;
                }
                int comma = line.LastIndexOf(','); // a file's name may have commas, a label may not
                (string file, string label) = comma < 0 ? ("", "") : (line[..comma].Trim(), line[(comma + 1)..].Trim());
                if (number == 1 || file.Length == 0 || label.Length == 0 || line.Contains('\0'))
                {
                    string expected = number == 1 ? Header : "a file and a label with a comma between";
                    throw new DataFileException(path, $"line {number} is '{line}', expected {expected}.");
                }
                lines.Add((file, label));
            }
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or (IOException and not DataFileException))
        {
            throw new DataFileException(path, $"the list cannot be read ({exception.Message}) It has a line '{Header}', then such lines.", exception);
        }
        return lines.Count > 0 ? lines : throw new DataFileException(path, $"the list is empty; after a line '{Header}' it has one line for each volume.");
    }

    private sealed class Reader(VolumeDataset dataset) : SampleReader
    {
        private readonly VolumeFile _file = new(dataset.Sample, dataset._rawType);
        private float[] _values = [];

        public override void Write(int index, SampleKey key, SampleTransform transform, Span<float> destination)
        {
            _file.Read(dataset._samples[index].File, destination);
            transform.Normalization.Apply(destination);
            CounterRandom random = key.Draws(RandomStreams.PadCropFlip);
            if (Transforms.PadCropFlip.Draw(ref random, padding: 0, transform.Augmentation.Flip).Flip)
            {
                Mirror(destination, dataset.Sample[dataset.Sample.Rank - 2], dataset.Sample.Channels);
            }
        }

        public override void Measure(int index, ChannelStatistics statistics)
        {
            _values = _values.Length == 0 ? new float[dataset.Sample.Count] : _values;
            _file.Read(dataset._samples[index].File, _values);
            statistics.Add(_values);
        }

        // Rows backwards, and then the channels of every voxel in their order again.
        private static void Mirror(Span<float> values, int width, int channels)
        {
            for (int row = 0; row < values.Length; row += width * channels)
            {
                Span<float> line = values.Slice(row, width * channels);
                line.Reverse();
                for (int voxel = 0; channels > 1 && voxel < line.Length; voxel += channels)
                {
                    line.Slice(voxel, channels).Reverse();
                }
            }
        }
    }
}
