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

    private static readonly CaseLabels s_none = new([], [], null);

    /// <summary>
    /// Whether files are prepared, and those called CASE_0000, CASE_0001 are channels of one case;
    /// otherwise every picture is a case.
    /// </summary>
    public bool IsByChannel => segmenter.Rules?.Preparation is not null;

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
        SourceCase source = SourceCase.Read(files, segmenter.Sample.Channels, s_none);
        ushort[] oriented = segmenter.Rules?.Preparation is { } preparation
            ? SegmentPrepared(preparation, source, files.Name)
            : Segment(source.Pixels, source.Grid.Extents);
        ushort[] stored = StoredOrder.Of(oriented, fields.Extents, axes);
        NiftiLabels.Write(output, header, stored, ToNumbers(stored));
    }

    /// <summary>Segments JPEG or PNG files and writes their mask as a grey PNG.</summary>
    /// <param name="files">The picture, or one for each channel.</param>
    /// <param name="output">The mask.</param>
    /// <exception cref="DataFileException">A picture cannot be read.</exception>
    /// <exception cref="IOException">The mask cannot be written.</exception>
    public void SegmentPicture(CaseFiles files, string output)
    {
        VolumeExtents extents;
        ushort[] labels;
        if (segmenter.Rules?.Preparation is { } preparation)
        {
            SourceCase source = SourceCase.Read(files, segmenter.Sample.Channels, s_none);
            (extents, labels) = (source.Grid.Extents, SegmentPrepared(preparation, source, files.Name));
        }
        else
        {
            (extents, labels) = SegmentMasked(files.Images[0]);
        }
        PngImage.WriteLabels(output, extents.Width, extents.Height, labels, ToNumbers(labels));
    }

    // A picture of a folder with masks, whose values are fractions of white.
    private (VolumeExtents, ushort[]) SegmentMasked(string path)
    {
        byte[] buffer = [];
        ReadOnlySpan<byte> encoded = PictureFile.Load(path, ref buffer);
        ImageInfo info = PictureFile.Inspect(path, encoded);
        VolumeExtents extents = new(1, info.Height, info.Width, segmenter.Sample.Channels);
        byte[] bytes = new byte[(int)extents.Count];
        using ImageDecoder decoder = new();
        PictureFile.Decode(
            decoder, path, encoded, new ImageRegion(0, 0, info.Width, info.Height), extents.Channels, bytes);
        float[] pixels = new float[bytes.Length];
        for (int i = 0; i < bytes.Length; i++)
        {
            pixels[i] = bytes[i] / White;
        }
        return (extents, segmenter.Segment(pixels, new Shape(1, info.Height, info.Width, extents.Channels)));
    }

    private ushort[] SegmentPrepared(DensePreparation preparation, SourceCase source, string name)
    {
        PreparedCase prepared = preparation.Apply(source, name);
        ushort[] labels = Segment(prepared.Pixels, prepared.Grid.Extents);
        return preparation.Restore(labels, prepared.Grid.Extents, prepared.Place);
    }

    private ushort[] Segment(float[] pixels, VolumeExtents extents) =>
        segmenter.Segment(pixels, new Shape(1, extents.Depth, extents.Height, extents.Width, extents.Channels));

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
