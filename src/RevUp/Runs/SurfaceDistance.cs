using RevUp.Data.Volumes;

namespace RevUp.Runs;

/// <summary>
/// HD95 of two masks of one box: the 95th percentile of the distances from every surface voxel of
/// each to the nearest surface voxel of the other, both directions together, in mm.
/// </summary>
/// <remarks>
/// A surface voxel has a neighbour across a face that is outside its mask or outside the volume. An
/// axis of the volume with one voxel has no faces, so that pictures have contours. The percentile
/// interpolates linearly between the two nearest ranks, as numpy does. Buffers grow with the
/// largest box: 5 bytes a voxel.
/// </remarks>
internal sealed class SurfaceDistance
{
    /// <summary>Mark of a voxel of the true mask.</summary>
    public const byte Truth = 1;

    /// <summary>Mark of a voxel of the predicted mask.</summary>
    public const byte Predicted = 2;

    private const double Share = 0.95;
    private const int SurfaceShift = 2;

    private byte[] _marks = [];
    private float[] _squares = [];

    /// <summary>
    /// Marks of a box to be filled, [D, H, W]: 0, <see cref="Truth"/>, <see cref="Predicted"/> or
    /// both.
    /// </summary>
    public Span<byte> Marks(VolumeExtents box)
    {
        int count = (int)box.Count;
        if (_marks.Length < count)
        {
            (_marks, _squares) = (new byte[count], new float[count]);
        }
        return _marks.AsSpan(0, count);
    }

    /// <summary>HD95 of the marks, in which both masks have voxels; uses them up.</summary>
    /// <param name="box">Their extents.</param>
    /// <param name="isFlat">Whether the volume has one plane, whose faces do not count.</param>
    /// <param name="spacing">In mm.</param>
    public double Measure(VolumeExtents box, bool isFlat, VolumeSpacing spacing)
    {
        Parallel.For(0, box.Depth, plane => MarkSurface(box, isFlat, plane));
        List<float>[] planes = [.. Enumerable.Range(0, box.Depth).Select(_ => new List<float>())];
        Collect(Truth << SurfaceShift, Predicted << SurfaceShift);
        Collect(Predicted << SurfaceShift, Truth << SurfaceShift);
        float[] squares = [.. planes.SelectMany(plane => plane)];
        Array.Sort(squares);
        double rank = Share * (squares.Length - 1);
        int low = (int)rank, high = Math.Min(low + 1, squares.Length - 1);
        (double below, double above) = (Math.Sqrt(squares[low]), Math.Sqrt(squares[high]));
        return below + (rank - low) * (above - below);

        void Collect(byte sites, byte queries)
        {
            DistanceTransform.FillPlanes(_marks, sites, box, spacing, _squares);
            Parallel.For(0, box.Depth, plane =>
            {
                int area = box.Height * box.Width;
                for (int i = plane * area; i < (plane + 1) * area; i++)
                {
                    if ((_marks[i] & queries) != 0)
                    {
                        planes[plane].Add(DistanceTransform.Across(_squares, i, box, spacing));
                    }
                }
            });
        }
    }

    // The bits of a voxel that all its neighbours have are inside; the others are of its surface.
    private void MarkSurface(VolumeExtents box, bool isFlat, int plane)
    {
        const byte Both = Truth | Predicted;
        (int height, int width) = (box.Height, box.Width);
        byte[] marks = _marks;
        int area = height * width, first = plane * area;
        bool isEnd = plane == 0 || plane == box.Depth - 1;
        for (int h = 0; h < height; h++)
        {
            bool isEdge = h == 0 || h == height - 1;
            for (int w = 0; w < width; w++)
            {
                int at = first + h * width + w;
                byte own = (byte)(marks[at] & Both);
                if (own == 0)
                {
                    continue;
                }
                int inside = isEdge || w == 0 || w == width - 1 || (isEnd && !isFlat)
                    ? 0
                    : marks[at - 1] & marks[at + 1] & marks[at - width] & marks[at + width]
                        & (isFlat ? Both : marks[at - area] & marks[at + area]);
                marks[at] = (byte)(own | (own & ~inside) << SurfaceShift);
            }
        }
    }
}
