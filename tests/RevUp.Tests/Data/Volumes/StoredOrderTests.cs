namespace RevUp.Tests.Data.Volumes;

[TestClass]
public sealed class StoredOrderTests
{
    /// <summary>All 48 orientations of a volume whose every voxel has its own number.</summary>
    [TestMethod]
    public void OrientedLabelsComeBack()
    {
        VolumeExtents stored = new(2, 3, 4, 1);
        ushort[] labels = [.. Enumerable.Range(0, 24).Select(i => (ushort)i)];
        int[][] orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        foreach (int[] order in orders)
        {
            for (int flips = 0; flips < 8; flips++)
            {
                (int, bool)[] axes = [.. order.Select((axis, i) => (axis, (flips >> i & 1) != 0))];
                VolumeBuffer volume = new();
                volume.Resize(stored);
                labels.Select(label => (float)label).ToArray().CopyTo(volume.Values);
                volume.Orient(axes);
                ushort[] oriented = [.. volume.Values.ToArray().Select(value => (ushort)value)];
                CollectionAssert.AreEqual(
                    labels, StoredOrder.Of(oriented, stored, axes), $"{string.Join(' ', order)} {flips}");
            }
        }
    }
}
