using RevUp.Data.Transforms;

namespace RevUp.Data;

/// <summary>
/// The place of one sample in a batch: (D)·H·W·C bytes where
/// <see cref="SampleReader.WritesBytes"/>, else as many floats. The other span is empty.
/// </summary>
internal readonly ref struct SampleRow(
    Span<byte> bytes, Span<float> values, Span<SampleChanges> changes = default, Span<ushort> labels = default)
{
    private readonly Span<SampleChanges> _changes = changes; // one, or none

    /// <summary>Bytes as they were read, cropped and mirrored.</summary>
    public Span<byte> Bytes { get; } = bytes;

    /// <summary>Normalised values.</summary>
    public Span<float> Values { get; } = values;

    /// <summary>
    /// A label for each position; empty unless <see cref="ImageDataset.HasLabelMaps"/>.
    /// </summary>
    public Span<ushort> Labels { get; } = labels;

    /// <summary>Cuts a box out of an image of bytes: the device sets it to the mean.</summary>
    public void Cut(Box box) => _changes[0] = _changes[0] with { Cutout = box };
}
