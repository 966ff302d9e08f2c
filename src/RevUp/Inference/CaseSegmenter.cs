using RevUp.Data;
using RevUp.Data.Dense;
using RevUp.Data.Volumes;
using RevUp.Formats;
using RevUp.Interop.Image;
using RevUp.Runs;
using RevUp.Tensors;

namespace RevUp.Inference;

/// <summary>
/// Segments the files of cases: they are prepared as the training data was, and their masks lie on
/// the voxels or pixels of the files.
/// </summary>
internal sealed class CaseSegmenter(Segmenter segmenter)
{
    private const float White = byte.MaxValue;

    /// <summary>
    /// The number of a class in the masks, as the training set's label maps had it.
    /// </summary>
    public int NumberOf(int label) =>
        segmenter.Rules is { LabelValues: { Count: > 0 } values } ? values[label] : label;

    /// <summary>Segments a volume and writes its mask as NIfTI.</summary>
    /// <param name="files">The image, or one for each channel.</param>
    /// <param name="output">The mask: .nii or .nii.gz.</param>
    /// <exception cref="DataFileException">A file cannot be used.</exception>
    /// <exception cref="IOException">The mask cannot be written.</exception>
    public void SegmentVolume(CaseFiles files, string output)
    {
        string first = files.Images[0];
        byte[] header = VolumeFile.HeaderBytes(first)
            ?? throw new DataFileException(first, "the file is not NIfTI; convert it to .nii.gz.");
        NiftiHeader fields = NiftiHeader.Parse(first, header);
        (int Axis, bool Flip)[] axes = fields.Affine is { } affine && NiftiAffine.Orientation(affine) is { } own
            ? own
            : [(0, false), (1, false), (2, false)];
        SourceCase source = SourceCase.Read(files, segmenter.Sample.Channels, new CaseLabels([], [], null));
        ushort[] oriented = segmenter.Rules?.Preparation is { } preparation
            ? SegmentPrepared(preparation, source, files.Name)
            : Segment(source.Pixels, source.Grid.Extents);
        ushort[] stored = StoredOrder.Of(oriented, fields.Extents, axes);
        NiftiLabels.Write(output, header, stored, ToNumbers(stored));
    }

    /// <summary>Segments a JPEG or PNG and writes its mask as a grey PNG.</summary>
    /// <param name="path">The picture.</param>
    /// <param name="output">The mask.</param>
    /// <exception cref="DataFileException">The picture cannot be read.</exception>
    /// <exception cref="IOException">The mask cannot be written.</exception>
    public void SegmentPicture(string path, string output)
    {
        Shape shape;
        float[] pixels;
        try
        {
            byte[] encoded = File.ReadAllBytes(path);
            ImageInfo info = ImageDecoder.Inspect(encoded);
            shape = new Shape(1, info.Height, info.Width, segmenter.Sample.Channels);
            byte[] bytes = new byte[shape.Count];
            using ImageDecoder decoder = new();
            decoder.Decode(
                encoded,
                new ImageRegion(0, 0, info.Width, info.Height),
                info.Height,
                info.Width,
                shape.Channels,
                bytes);
            pixels = new float[bytes.Length];
            for (int i = 0; i < bytes.Length; i++)
            {
                pixels[i] = bytes[i] / White;
            }
        }
        catch (Exception exception) when (
            exception is ImageFormatException or IOException or UnauthorizedAccessException)
        {
            throw new DataFileException(path, $"the picture cannot be read: {exception.Message}", exception);
        }
        ushort[] labels = segmenter.Segment(pixels, shape);
        PngImage.WriteLabels(output, shape.Extent(1), shape.Extent(0), labels, ToNumbers(labels));
    }

    private ushort[] SegmentPrepared(DensePreparation preparation, SourceCase source, string name)
    {
        PreparedCase prepared = preparation.Apply(source, name);
        ushort[] labels = Segment(prepared.Pixels, prepared.Grid.Extents);
        return preparation.Restore(labels, prepared.Grid.Extents, prepared.Place);
    }

    // A network of slices has no place for a depth of one.
    private ushort[] Segment(float[] pixels, VolumeExtents extents)
    {
        Shape shape = segmenter.Sample.SpatialRank == 2 && extents.Depth == 1
            ? new Shape(1, extents.Height, extents.Width, extents.Channels)
            : new Shape(1, extents.Depth, extents.Height, extents.Width, extents.Channels);
        return segmenter.Segment(pixels, shape);
    }

    // From classes to the numbers of the masks, in place; one more than the largest of them.
    private int ToNumbers(ushort[] labels)
    {
        foreach (ref ushort label in labels.AsSpan())
        {
            label = (ushort)NumberOf(label);
        }
        return Enumerable.Range(0, segmenter.Classes.Count).Max(NumberOf) + 1;
    }
}
