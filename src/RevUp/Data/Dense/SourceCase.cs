using RevUp.Data.Volumes;

namespace RevUp.Data.Dense;

/// <summary>A case as its files have it, its axes brought to RAS: D up, H to the front, W right.
/// </summary>
/// <param name="Pixels">[D, H, W, C], channels-last.</param>
/// <param name="Labels">[D, H, W]; null where the case has no label map.</param>
/// <param name="Grid">Where the voxels lie; its extents have C channels.</param>
internal sealed record SourceCase(float[] Pixels, ushort[]? Labels, VolumeGrid Grid)
{
    private const string Header = "dataset.json";

    /// <summary>Reads a case.</summary>
    /// <param name="files">NIfTI files, each compressed or not, or pictures.</param>
    /// <param name="channels">C, of all files together.</param>
    /// <param name="labels">The classes.</param>
    /// <exception cref="DataFileException">
    /// A file is missing or damaged, or the files of the case do not fit together.
    /// </exception>
    public static SourceCase Read(CaseFiles files, int channels, CaseLabels labels)
    {
        Placed first = Load(files.Images[0], null, null);
        VolumeGrid grid = first.Grid;
        float[] pixels = first.Volume.Values.ToArray();
        if (files.Images.Count > 1)
        {
            RequireOneChannel(files, grid);
            pixels = Join(files, first, pixels);
        }
        RequireChannels(files, files.Images.Count > 1 ? files.Images.Count : grid.Extents.Channels, channels);
        int bad = FiniteValues.IndexOfOther(pixels);
        if (bad >= 0)
        {
            throw new DataFileException(
                files.Images[bad % channels % files.Images.Count],
                $"voxel {bad / channels} of the case '{files.Name}' is {pixels[bad]}; every value must be finite, so "
                + "replace it or leave the case out.");
        }
        ushort[]? map = files.Labels is null ? null : ReadLabels(files, first, labels);
        return new SourceCase(pixels, map, grid with { Extents = grid.Extents with { Channels = channels } });
    }

    private static void RequireChannels(CaseFiles files, int found, int channels)
    {
        if (found == channels)
        {
            return;
        }
        string names = string.Join(", ", files.Images.Take(2).Select(Path.GetFileName));
        throw new DataFileException(
            files.Images[0],
            $"the case '{files.Name}' has {found} channels, and the dataset has {channels}; "
            + (files.Images.Count > 1
                ? $"{names} are channels of one case because their names end in _ and four digits, so rename them if "
                    + $"they are cases of their own, or correct {Header}."
                : $"correct its file, or {Header}."));
    }

    private static void RequireOneChannel(CaseFiles files, VolumeGrid first)
    {
        if (first.Extents.Channels > 1)
        {
            throw new DataFileException(
                files.Images[0],
                $"the file has {first.Extents.Channels} channels, and the case '{files.Name}' has "
                + $"{Path.GetFileName(files.Images[1])} too; put each channel into a file of its own, or all into "
                + "one.");
        }
    }

    private static float[] Join(CaseFiles files, Placed image, float[] first)
    {
        int channels = files.Images.Count;
        float[] joined = GC.AllocateUninitializedArray<float>(checked(first.Length * channels));
        for (int channel = 0; channel < channels; channel++)
        {
            VolumeBuffer? volume = channel == 0 ? null : Load(files.Images[channel], files, image).Volume;
            ReadOnlySpan<float> values = volume is null ? first : volume.Values;
            for (int i = 0; i < values.Length; i++)
            {
                joined[i * channels + channel] = values[i];
            }
        }
        return joined;
    }

    /// <summary>Reads the label map of a case alone.</summary>
    /// <param name="files">With a label map.</param>
    /// <param name="image">The image; null where it is not compared.</param>
    /// <param name="labels">The classes.</param>
    public static ushort[] ReadLabels(CaseFiles files, Placed? image, CaseLabels labels)
    {
        VolumeBuffer volume = Load(files.Labels!, files, image, isLabelMap: true).Volume;
        ushort[] map = GC.AllocateUninitializedArray<ushort>(volume.Values.Length);
        labels.Convert<float>(
            files.Labels!,
            volume.Values,
            map,
            $"name the value under 'labels' in {Header}, or correct the label map of the case '{files.Name}'");
        return map;
    }

    /// <summary>The numbers of a label map as they are stored, whole or not.</summary>
    public static VolumeBuffer ReadNumbers(CaseFiles files) =>
        Load(files.Labels!, null, null, isLabelMap: true).Volume;

    // A volume in RAS; one that belongs to an image must have its grid.
    private static Placed Load(string path, CaseFiles? files, Placed? image, bool isLabelMap = false)
    {
        if (FileNames.IsImage(path))
        {
            return LoadPicture(path, files, image, isLabelMap);
        }
        NiftiHeader header = ReadHeader(path);
        VolumeGrid grid = VolumeGrid.Of(header);
        (int Axis, bool Flip)[] axes = header.Affine is { } affine
            ? NiftiAffine.Orientation(affine)
                ?? throw new DataFileException(path, "the affine has axes that are not independent; correct it.")
            : image?.Axes ?? [(0, false), (1, false), (2, false)];
        grid = grid.Oriented(axes);
        if (grid.Spacing.Any(step => step is < DensePreparation.LeastSpacing or > DensePreparation.MostSpacing))
        {
            throw new DataFileException(
                path,
                $"the header's spacing is [{string.Join(", ", grid.Spacing)}] mm, expected "
                + $"{DensePreparation.LeastSpacing} to {DensePreparation.MostSpacing}; correct the header.");
        }
        if (image is not null)
        {
            RequireSame(path, files!, grid, image.Grid);
        }
        VolumeBuffer volume = new();
        try
        {
            VolumeFile.ReadVoxels(path, header, new StoredVoxels(), volume);
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
        {
            throw CannotRead(path, exception);
        }
        volume.Orient(axes);
        return new Placed(volume, grid, axes);
    }

    private static Placed LoadPicture(string path, CaseFiles? files, Placed? image, bool isLabelMap)
    {
        VolumeBuffer volume = new();
        VolumeGrid grid = isLabelMap ? PictureFile.ReadLabels(path, volume) : PictureFile.Read(path, volume);
        if (image is not null)
        {
            RequireSame(path, files!, grid, image.Grid);
        }
        return new Placed(volume, grid, [(0, false), (1, false), (2, false)]);
    }

    /// <summary>
    /// The grid of a NIfTI file by its header, its axes in RAS, or the grid of a picture.
    /// </summary>
    /// <exception cref="DataFileException">It has none that can be read.</exception>
    public static VolumeGrid ReadGrid(string path)
    {
        if (FileNames.IsImage(path))
        {
            return PictureFile.ReadGrid(path);
        }
        NiftiHeader header = ReadHeader(path);
        VolumeGrid grid = VolumeGrid.Of(header);
        return header.Affine is { } affine && NiftiAffine.Orientation(affine) is { } axes ? grid.Oriented(axes) : grid;
    }

    private static NiftiHeader ReadHeader(string path)
    {
        try
        {
            using Stream content = DataContent.Open(path);
            return VolumeFile.ReadHeader(path, content) ?? throw new DataFileException(
                path, "the file is not NIfTI; convert it to .nii.gz.");
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
        {
            throw CannotRead(path, exception);
        }
    }

    private static void RequireSame(string path, CaseFiles files, VolumeGrid grid, VolumeGrid image)
    {
        VolumeExtents wanted = image.Extents with { Channels = 1 };
        if (grid.Extents != wanted)
        {
            throw new DataFileException(
                path,
                $"the file has {grid.Extents} voxels, and the image {files.Images[0]} of the case '{files.Name}' has "
                + $"{wanted}; resample one to the other, or leave the case out.");
        }
        if (!image.Matches(grid))
        {
            throw new DataFileException(
                path,
                $"the affine puts the voxels elsewhere than the image {files.Images[0]} of the case '{files.Name}' "
                + "does; correct the header that is wrong, or resample one to the other.");
        }
    }

    private static DataFileException CannotRead(string path, Exception exception) => new(
        path, $"the file cannot be read ({exception.Message}) Check the path and its permissions.", exception);

    /// <summary>One file in RAS.</summary>
    /// <param name="Volume">Its values.</param>
    /// <param name="Grid">Where they lie.</param>
    /// <param name="Axes">From its stored axes; a file without an affine takes its image's.</param>
    internal sealed record Placed(VolumeBuffer Volume, VolumeGrid Grid, (int Axis, bool Flip)[] Axes);
}
