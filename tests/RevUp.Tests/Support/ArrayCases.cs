namespace RevUp.Tests.Support;

/// <summary>Cases in memory whose values and labels come from functions of the position.</summary>
/// <param name="extents">[D, H, W] of each case.</param>
/// <param name="classes">K.</param>
/// <param name="value">
/// Value at (case, d, h, w); further channels have it times their number.
/// </param>
/// <param name="label">Label at (case, d, h, w).</param>
/// <param name="channels">C.</param>
internal sealed class ArrayCases(
    int[][] extents,
    int classes,
    Func<int, int, int, int, float> value,
    Func<int, int, int, int, int> label,
    int channels = 1) : DenseDataset
{
    public override int Count => extents.Length;

    public override int Channels => channels;

    public override IReadOnlyList<string> Classes { get; } =
        [.. Enumerable.Range(0, classes).Select(number => $"class {number}")];

    public override Shape Extents(int index) =>
        new(1, extents[index][0], extents[index][1], extents[index][2], channels);

    public override DenseReader OpenReader() => new Reader(this);

    private float ValueAt(int index, int d, int h, int w) => value(index, d, h, w);

    private int LabelAt(int index, int d, int h, int w) => label(index, d, h, w);

    private sealed class Reader(ArrayCases cases) : DenseReader
    {
        public override void Read(
            int index, ReadOnlySpan<int> origin, Shape box, Span<float> pixels, Span<ushort> labels)
        {
            Shape whole = cases.Extents(index);
            for (int axis = 0; axis < 3; axis++)
            {
                Assert.IsTrue(origin[axis] >= 0 && origin[axis] + box.Extent(axis) <= whole.Extent(axis));
            }
            for (int i = 0; i < box.Positions; i++)
            {
                int d = i / (box.Extent(1) * box.Extent(2)) + origin[0];
                (int h, int w) = (i / box.Extent(2) % box.Extent(1) + origin[1], i % box.Extent(2) + origin[2]);
                for (int channel = 0; !pixels.IsEmpty && channel < cases.Channels; channel++)
                {
                    pixels[i * cases.Channels + channel] = cases.ValueAt(index, d, h, w) * (channel + 1);
                }
                if (!labels.IsEmpty)
                {
                    labels[i] = (ushort)cases.LabelAt(index, d, h, w);
                }
            }
        }
    }
}
