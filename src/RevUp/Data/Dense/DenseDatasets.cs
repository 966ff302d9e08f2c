using RevUp.Tensors;

namespace RevUp.Data.Dense;

/// <summary>From the data settings of a recipe to cases with label maps.</summary>
internal static class DenseDatasets
{
    private const ulong LesionsSeed = 20_270_101;
    private const int TrainingLesions = 32; // where data.trainingSamples does not say
    private const int TestImages = 64; // drawn lesions
    private const int TestVolumes = 8;

    /// <summary>Opens one part as samples; the caller disposes it.</summary>
    /// <param name="settings">Of a dataset with label maps.</param>
    /// <param name="split">Which part; of a training set that lends it, too.</param>
    /// <param name="isOwnPart">
    /// Whether the data has files of a validation part that is asked for.
    /// </param>
    /// <exception cref="DataFileException">A file is missing or damaged.</exception>
    /// <exception cref="ConfigurationException">
    /// The settings ask for more than the data has, or for something that it cannot do.
    /// </exception>
    public static DensePatches Open(DataSettings settings, DatasetSplit split, bool isOwnPart)
    {
        DatasetSplit files = split == DatasetSplit.Validation && !isOwnPart ? DatasetSplit.Train : split;
        DenseDataset cases = settings.Dataset switch
        {
            DatasetKind.SegmentationFolder => OpenFolder(settings, files),
            DatasetKind.MaskFolder => MaskFolder.Open(
                Datasets.Folder(settings, "train/FILE and trainannot/FILE.png"),
                files,
                settings.Channels,
                settings.Classes,
                settings.Dense.IgnoredLabel),
            _ => OpenLesions(settings, split),
        };
        try
        {
            if (!settings.AllowSkipped)
            {
                DataFinding.RequireNoProblem(settings.Path ?? "", cases.Findings, "set data.allowSkipped=true");
            }
            ConfigurationException.Require(
                cases.Count > 0,
                $"The data in {settings.Path} has no cases of the part '{files.Text()}'; add a list {files.Text()}.txt "
                + $"of its cases, or set data.validationSamples to hold out training cases");
            ConfigurationException.Require(
                cases.Classes.Count == settings.ClassCount,
                $"data.classes is {settings.ClassCount}, but the data in {settings.Path} has {cases.Classes.Count} "
                + $"classes; set data.classes to that ({Datasets.FirstOf(cases.Classes)})");
            RequireDepth(settings, cases);
            int[]? chosen = split == DatasetSplit.Test || isOwnPart || settings.Dataset == DatasetKind.Lesions
                ? null
                : HeldOut.Choose(cases.Count, settings, split);
            cases = chosen is null ? cases : new SelectedCases(cases, chosen);
            return new DensePatches(cases, settings.Sample, settings.Dense);
        }
        catch
        {
            cases.Dispose();
            throw;
        }
    }

    // A network of volumes has nothing to see in pictures.
    private static void RequireDepth(DataSettings settings, DenseDataset cases)
    {
        if (settings.Sample.SpatialRank < 3 || settings.Dataset == DatasetKind.Lesions)
        {
            return;
        }
        string dataset = settings.Dataset == DatasetKind.MaskFolder ? "" : " --set data.dataset=segmentationFolder";
        ConfigurationException.Require(
            Enumerable.Range(0, cases.Count).Any(index => VoxelIndex.Of(cases.Extents(index)).Depth > 1),
            $"data.extents is [{string.Join(", ", settings.Extents)}], but all cases in {settings.Path} are pictures; "
            + $"give two extents, as --recipe segment-2d{dataset} has them");
    }

    /// <summary>
    /// The settings with the channels and classes of the folder where they do not state them.
    /// </summary>
    /// <exception cref="DataFileException">A file that tells is damaged.</exception>
    public static DataSettings Complete(DataSettings settings)
    {
        bool isComplete = settings.StatesClasses
            && (settings.StatesChannels || settings.Dataset == DatasetKind.MaskFolder);
        if (isComplete || !DenseSummary.Has(settings.Dataset) || !Directory.Exists(settings.Path))
        {
            return settings;
        }
        (int channels, int classes) = settings.Dataset == DatasetKind.SegmentationFolder
            ? CountsIn(settings.Path)
            : (settings.Channels, MaskFolder.CountClasses(settings.Path, settings.Dense.IgnoredLabel));
        return settings with
        {
            Channels = settings.StatesChannels ? settings.Channels : channels,
            Classes = settings.StatesClasses ? settings.Classes : classes,
        };
    }

    private static (int Channels, int Classes) CountsIn(string folder)
    {
        if (File.Exists(PreparedFolder.PathIn(folder)))
        {
            PreparedFolder prepared = PreparedFolder.Read(folder);
            return (prepared.Preparation.Channels.Count, prepared.Labels.Names.Count);
        }
        SegmentationFolder read = SegmentationFolder.Read(folder);
        return (read.Channels.Count, read.Labels.Names.Count);
    }

    /// <summary>Whether the files have a part: its folder or its name, or null.</summary>
    public static string? Find(DataSettings settings, DatasetSplit split)
    {
        string folder = settings.Path ?? "";
        if (settings.Dataset == DatasetKind.MaskFolder)
        {
            return MaskFolder.Find(folder, split);
        }
        bool isThere = File.Exists(PreparedFolder.PathIn(folder))
            ? PreparedFolder.Read(folder).Cases.ContainsKey(split.Text())
            : SegmentationFolder.Has(folder, split.Text());
        return isThere ? split.Text() : null;
    }

    private static PreparedCases OpenFolder(DataSettings settings, DatasetSplit split)
    {
        string folder = Datasets.Folder(settings, "dataset.json, imagesTr and labelsTr, or with prepared.json");
        return File.Exists(PreparedFolder.PathIn(folder))
            ? PreparedCases.Open(folder, split.Text())
            : CasePreparer.InMemory(
                SegmentationFolder.Read(folder), split.Text(), settings.Dense.Spacing, settings.CacheBytes);
    }

    // Test, held-out and training cases share none.
    private static Lesions OpenLesions(DataSettings settings, DatasetSplit split)
    {
        (int held, Shape sample) = (settings.ValidationSamples, settings.Sample);
        int training = settings.TrainingSamples == 0 ? TrainingLesions : settings.TrainingSamples;
        int test = sample.SpatialRank == 2 ? TestImages : TestVolumes;
        return split switch
        {
            DatasetSplit.Test => new Lesions(test, sample, LesionsSeed),
            DatasetSplit.Validation => new Lesions(held, sample, LesionsSeed, test),
            _ => new Lesions(training, sample, LesionsSeed, test + held),
        };
    }
}
