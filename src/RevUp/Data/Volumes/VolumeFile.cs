using RevUp.Tensors;

namespace RevUp.Data.Volumes;

/// <summary>
/// Reads volumes, one after the other; keeps a buffer of one volume as it is stored, and one of its
/// floats.
/// </summary>
/// <param name="sample">
/// [1, D, H, W, C], or [1, H, W, C] for slices; the shape of raw files, and of all where the fit is
/// exact.
/// </param>
/// <param name="rawType">
/// The numbers of files that are not NIfTI: bare, little-endian, in the order of the sample.
/// </param>
/// <param name="settings">
/// Orientation, spacing and fit; by default a volume must have the sample's shape.
/// </param>
internal sealed class VolumeFile(Shape sample, VoxelType rawType, VolumeSettings? settings = null)
{
    private readonly VolumeExtents _expected = VolumeExtents.Of(sample);
    private readonly VolumeSettings _settings = settings ?? new VolumeSettings();
    private readonly VolumeBuffer _volume = new();
    private readonly StoredVoxels _stored = new();
    private bool _isVerifying;

    /// <summary>
    /// Fills (D)·H·W·C floats, channels-last, with the values of a file that has the sample's
    /// shape.
    /// </summary>
    /// <exception cref="DataFileException">
    /// The file is missing, damaged, of another shape, or has a value that is not finite.
    /// </exception>
    public void Read(string path, Span<float> values) => Load(path).Values.CopyTo(values);

    /// <summary>
    /// The volume of a NIfTI file (single, or a pair), or of a raw one, each compressed or not;
    /// valid until the next call.
    /// </summary>
    /// <exception cref="DataFileException">The file is missing, damaged, of a shape that does not
    /// fit, or has a value that is not finite.</exception>
    public VolumeBuffer Load(string path)
    {
        try
        {
            NiftiHeader? header;
            using (Stream content = DataContent.Open(path))
            {
                header = ReadHeader(path, content);
            }
            if (header is null)
            {
                ReadRaw(path);
            }
            else
            {
                ReadNifti(path, header);
            }
            RequireFinite(path);
            return _volume;
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
        {
            throw Unreadable(path, exception);
        }
    }

    private static DataFileException Unreadable(string path, Exception exception) =>
        new(path, $"the file cannot be read ({exception.Message}) Check the path and its permissions.", exception);

    /// <summary>
    /// "D × H × W × C" by the header of a NIfTI file, its axes in the order in which they are read;
    /// raw files do not say.
    /// </summary>
    public static string DescribeSize(string path)
    {
        try
        {
            using Stream content = DataContent.Open(path);
            return ReadHeader(path, content) is { } header
                ? OrientedExtents(path, header, new VolumeSettings()).ToString()
                : "raw";
        }
        catch (Exception exception) when (exception is DataFileException or IOException or UnauthorizedAccessException)
        {
            return Images.ImageSets.NoHeader;
        }
    }

    /// <summary>
    /// Reads a file to its end, whatever its extents; of bare numbers only that they can be read.
    /// </summary>
    /// <exception cref="DataFileException">
    /// The file is missing, damaged, or has a value that is not finite.
    /// </exception>
    public static void Verify(string path)
    {
        VolumeFile file = new(new Shape(1, 1, 1, 1, 1), VoxelType.UInt8) { _isVerifying = true };
        file.Load(path);
    }

    /// <summary>
    /// The first 348 or 540 bytes of a NIfTI file, of either file of a pair; null for bare numbers.
    /// </summary>
    /// <exception cref="DataFileException">The file is missing or damaged.</exception>
    public static byte[]? HeaderBytes(string path)
    {
        try
        {
            byte[] bytes = new byte[NiftiHeader.Length2];
            using Stream content = DataContent.Open(path);
            return ReadHeader(path, content, bytes) is null ? null : bytes;
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
        {
            throw Unreadable(path, exception);
        }
    }

    /// <summary>
    /// The header that the content has, or that the name promises; null for bare numbers.
    /// </summary>
    internal static NiftiHeader? ReadHeader(string path, Stream content) =>
        ReadHeader(path, content, stackalloc byte[NiftiHeader.Length2]);

    private static NiftiHeader? ReadHeader(string path, Stream content, Span<byte> bytes)
    {
        int read = content.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        if (NiftiHeader.IsHeader(bytes[..read]))
        {
            return NiftiHeader.Parse(path, bytes[..read]);
        }
        DataFileException.Require(
            !VolumePaths.IsForeign(path), path,
            $"the file is neither NIfTI nor bare numbers; convert it to NIfTI (.nii.gz).");
        if (!VolumePaths.IsNifti(path))
        {
            return null;
        }
        string headerPath = VolumePaths.HeaderOf(path);
        if (headerPath == path)
        {
            return NiftiHeader.Parse(path, bytes[..read]);
        }
        using Stream other = DataContent.Open(headerPath);
        read = other.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        NiftiHeader header = NiftiHeader.Parse(headerPath, bytes[..read]);
        return header.IsPair
            ? header
            : throw new DataFileException(
                headerPath,
                "its magic is of a single file, which has its voxels itself; name this file and not the .img.");
    }

    private void ReadNifti(string path, NiftiHeader header)
    {
        VolumeExtents oriented = OrientedExtents(path, header, _settings);
        if (_settings.Spacing.Count == 0)
        {
            RequireFit(path, oriented);
        }
        ReadVoxels(path, header, _stored, _volume);
        if (Axes(path, header, _settings) is { } axes)
        {
            _volume.Orient(axes);
        }
        if (_settings.Spacing.Count > 0)
        {
            Resample(path, header);
            RequireFit(path, _volume.Extents);
        }
    }

    /// <summary>Reads the voxels of a NIfTI file as they are stored, scaled.</summary>
    internal static void ReadVoxels(string path, NiftiHeader header, StoredVoxels stored, VolumeBuffer volume)
    {
        string voxels = header.IsPair ? VolumePaths.ImageOf(path) : path;
        using Stream image = DataContent.Open(voxels);
        stored.Read(voxels, image, header.Offset, header.Extents, header.Type, "the header's dimensions");
        volume.Resize(header.Extents);
        bool swap = header.IsBigEndian == BitConverter.IsLittleEndian;
        Voxels.Convert(
            stored.Bytes, header.Type, swap, header.Slope, header.Intercept, header.Extents.Channels, volume.Values);
    }

    private void ReadRaw(string path)
    {
        DataFileException.Require(
            _settings.Spacing.Count == 0, path,
            $"a raw file does not say its spacing; leave data.volumes.spacing out, or convert the file to NIfTI.");
        using Stream content = DataContent.Open(path);
        if (_isVerifying)
        {
            content.CopyTo(Stream.Null);
            return;
        }
        _stored.Read(path, content, offset: 0, _expected, rawType, "data.extents or data.rawType");
        _volume.Resize(_expected);
        Voxels.Convert(
            _stored.Bytes, rawType, !BitConverter.IsLittleEndian, slope: 1, intercept: 0, channels: 1, _volume.Values);
    }

    private static (int Axis, bool Flip)[]? Axes(string path, NiftiHeader header, VolumeSettings settings)
    {
        if (settings.Orientation == VolumeOrientation.Stored || header.Affine is not { } affine)
        {
            return null;
        }
        return NiftiAffine.Orientation(affine) ?? throw new DataFileException(
            path,
            "the affine has axes that are not independent; correct it, or set data.volumes.orientation=stored to read "
            + "volumes as they are stored.");
    }

    private static VolumeExtents OrientedExtents(string path, NiftiHeader header, VolumeSettings settings) =>
        Axes(path, header, settings) is { } axes ? VolumeBuffer.Oriented(header.Extents, axes) : header.Extents;

    private void Resample(string path, NiftiHeader header)
    {
        double[] stored = [header.Spacing.Width, header.Spacing.Height, header.Spacing.Depth];
        (int Axis, bool Flip)[] axes = Axes(path, header, _settings) ?? [(0, false), (1, false), (2, false)];
        int[] extents = [_volume.Extents.Depth, _volume.Extents.Height, _volume.Extents.Width];
        for (int i = 0; i < extents.Length; i++)
        {
            int wanted = i - (extents.Length - _settings.Spacing.Count); // of slices, H and W alone
            double step = stored[axes[2 - i].Axis];
            if (wanted < 0)
            {
                continue;
            }
            DataFileException.Require(
                !double.IsNaN(step), path,
                $"the header does not say its spacing; leave data.volumes.spacing out, or correct the header.");
            extents[i] = (int)Math.Clamp(Math.Round(extents[i] * step / _settings.Spacing[wanted]), 1, int.MaxValue);
        }
        VolumeExtents to = new(extents[0], extents[1], extents[2], _volume.Extents.Channels);
        DataFileException.Require(
            to.Count <= Array.MaxLength, path,
            $"data.volumes.spacing makes it {to}, over the {Array.MaxLength} numbers of one array; use a larger "
            + $"spacing.");
        _volume.Resample(to.Depth, to.Height, to.Width);
    }

    private void RequireFit(string path, VolumeExtents extents)
    {
        bool fits = _isVerifying
            || (_settings.Fit == VolumeFit.CropOrPad ? extents.Channels == _expected.Channels : extents == _expected);
        if (!fits)
        {
            string remedy = _settings.Fit == VolumeFit.CropOrPad
                ? "choose data.channels"
                : "resample it, or set data.volumes.fit=cropOrPad";
            throw new DataFileException(
                path,
                40,
                $"the volume is {extents.Depth} × {extents.Height} × {extents.Width} voxels of {extents.Channels} "
                + $"channels, expected {_expected.Depth} × "
                + $"{_expected.Height} × {_expected.Width} of {_expected.Channels} (data.extents, data.channels); "
                + $"{remedy}.");
        }
    }

    private void RequireFinite(string path)
    {
        int bad = FiniteValues.IndexOfOther(_volume.Values);
        DataFileException.Require(
            bad < 0, path,
            $"voxel {bad} is {_volume.Values[bad]}; every value must be finite, so replace it or leave the file out.");
    }
}
