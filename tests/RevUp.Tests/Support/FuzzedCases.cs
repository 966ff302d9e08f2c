using RevUp.Data.Dense;
using RevUp.Data.Volumes;
using RevUp.Tensors;

namespace RevUp.Tests.Support;

/// <summary>Files of cases with label maps, to damage.</summary>
internal static class FuzzedCases
{
    public static IReadOnlyList<FuzzedFormat> All { get; } =
    [
        Format("case, image", "imagesTr/p.nii", isPrepared: false),
        Format("case, label map", "labelsTr/p.nii", isPrepared: false),
        Format("description of cases", "dataset.json", isPrepared: false),
        Format("description of prepared cases", "prepared.json", isPrepared: true),
        Format("record of a prepared case", "cases/p.json", isPrepared: true),
        Format("numbers of a prepared case", "cases/p.bin", isPrepared: true) with { HasHeader = false },
    ];

    private static FuzzedFormat Format(string name, string file, bool isPrepared)
    {
        using TemporaryFolder folder = new();
        Write(folder, isPrepared);
        Action<string> read = isPrepared ? ReadPrepared : ReadFolder;
        return new FuzzedFormat(name, file, File.ReadAllBytes(folder[file]), path => read(path[..^(file.Length + 1)]))
        {
            Beside = beside => Write(beside, isPrepared),
            NamesOthers = true,
        };
    }

    private static void Write(TemporaryFolder folder, bool isPrepared)
    {
        if (!isPrepared)
        {
            WriteSource(folder.Path);
            return;
        }
        using TemporaryFolder source = new();
        WriteSource(source.Path);
        CasePreparer.Prepare(
            SegmentationFolder.Read(source.Path), folder.Path, [], isSingle: false, (_, _) => { }, default);
    }

    // One case, in the order left, back, up.
    private static void WriteSource(string source)
    {
        double[] affine = [-1, 0, 0, 9, 0, -1, 0, 8, 0, 0, 2, 7];
        CaseFolder.Write(
            Path.Combine(source, "imagesTr/p.nii"), [4, 3, 2, 1], VoxelType.Int16, affine, (x, y, z, _) => x + y * z);
        CaseFolder.Write(
            Path.Combine(source, "labelsTr/p.nii"), [4, 3, 2, 1], VoxelType.UInt8, affine, (x, _, _, _) => x % 2);
        File.WriteAllText(
            Path.Combine(source, "dataset.json"),
            """{"channel_names": {"0": "MRI"}, "labels": {"background": 0, "a": 1}, "file_ending": ".nii"}""");
    }

    // Everything up to the resampling, whose extents follow from a spacing that may be any.
    private static void ReadFolder(string folder)
    {
        SegmentationFolder read = SegmentationFolder.Read(folder);
        foreach (CaseFiles files in read.Cases)
        {
            SourceCase source = SourceCase.Read(files, read.Channels.Count, read.Labels);
            ChannelRule[] channels = [.. read.Channels.Select(name => new ChannelRule(name, ChannelRuleKind.Case))];
            DensePreparation rules = new(source.Grid.Spacing, channels, IsMasked: true);
            CaseEncoding.Encode(rules.Apply(source, files.Name), files.Part, read.Labels.Names.Count, isHalf: true);
        }
    }

    private static void ReadPrepared(string folder)
    {
        foreach (string part in PreparedFolder.Read(folder).Cases.Keys)
        {
            using PreparedCases cases = PreparedCases.Open(folder, part);
            using DenseReader reader = cases.OpenReader();
            for (int index = 0; index < cases.Count; index++)
            {
                // One value first: the file has to have the length of its record.
                reader.Read(index, [0, 0, 0], new Shape(1, 1, 1, 1, cases.Channels), new float[cases.Channels], []);
                Shape extents = cases.Extents(index);
                reader.Read(index, [0, 0, 0], extents, new float[extents.Count], new ushort[extents.Positions]);
                CounterRandom random = new(1, 2, 3);
                reader.TryDrawForeground(cases, index, ref random, out _);
            }
        }
    }
}
