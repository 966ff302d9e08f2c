namespace RevUp.Data.Volumes;

/// <summary>Where the voxels of a volume lie, its axes in the order D, H, W.</summary>
/// <param name="Extents">Numbers of voxels.</param>
/// <param name="Spacing">Millimetres from voxel to voxel along D, H, W.</param>
/// <param name="Affine">
/// [3, 4] by rows: voxel (w, h, d, 1) to millimetres (right, front, up); null where the file does
/// not say.
/// </param>
internal sealed record VolumeGrid(VolumeExtents Extents, double[] Spacing, double[]? Affine)
{
    // Of a voxel: headers keep single precision, and tools write other roundings of one scan.
    private const double Tolerance = 0.1;

    /// <summary>The grid of a file as it is stored.</summary>
    public static VolumeGrid Of(NiftiHeader header)
    {
        double[]? affine = null;
        if (header is { Affine: { } linear, Translation: { } translation })
        {
            affine = [.. Enumerable.Range(0, 12).Select(
                i => i % 4 == 3 ? translation[i / 4] : linear[i / 4 * 3 + i % 4])];
        }
        double[] steps = [header.Spacing.Depth, header.Spacing.Height, header.Spacing.Width];
        for (int axis = 0; axis < 3; axis++)
        {
            double length = affine is null ? 1 : Length(affine, 2 - axis);
            steps[axis] = !double.IsNaN(steps[axis]) ? steps[axis] : length > 0 && double.IsFinite(length) ? length : 1;
        }
        return new VolumeGrid(header.Extents, steps, affine);
    }

    /// <summary>The grid after <see cref="VolumeBuffer.Orient"/>.</summary>
    public VolumeGrid Oriented((int Axis, bool Flip)[] axes)
    {
        int[] extents = [Extents.Width, Extents.Height, Extents.Depth];
        double[] spacing = [.. Enumerable.Range(0, 3).Select(axis => Spacing[2 - axes[2 - axis].Axis])];
        double[]? affine = Affine is null ? null : new double[12];
        for (int i = 0; affine is not null && i < 12; i++)
        {
            int row = i / 4 * 4, column = i % 4;
            affine[i] = column < 3
                ? (axes[column].Flip ? -1 : 1) * Affine![row + axes[column].Axis]
                : Affine![i] + axes.Where(axis => axis.Flip).Sum(axis => Affine[row + axis.Axis] * (extents[axis.Axis] - 1));
        }
        return new VolumeGrid(VolumeBuffer.Oriented(Extents, axes), spacing, affine);
    }

    /// <summary>The grid of a box of this one.</summary>
    /// <param name="origin">First voxel along D, H, W.</param>
    /// <param name="extents">Of the box.</param>
    public VolumeGrid Cut(int[] origin, VolumeExtents extents) => this with
    {
        Extents = extents,
        Affine = Moved([.. origin.Select(place => (double)place)], [1, 1, 1]),
    };

    /// <summary>The grid at other extents, where the ends of the volume stay where they are.</summary>
    public VolumeGrid Resampled(int depth, int height, int width)
    {
        double[] factor =
        [
            (double)Extents.Depth / depth, (double)Extents.Height / height, (double)Extents.Width / width,
        ];
        return new VolumeGrid(
            Extents with { Depth = depth, Height = height, Width = width },
            [.. Spacing.Zip(factor, (step, by) => step * by)],
            Moved([.. factor.Select(by => (by - 1) / 2)], factor));
    }

    /// <summary>
    /// Whether the voxels of another grid lie where these do, to a tenth of a voxel at every
    /// corner; a grid without an affine is taken to.
    /// </summary>
    public bool Matches(VolumeGrid other)
    {
        if (Affine is null || other.Affine is null)
        {
            return true;
        }
        for (int corner = 0; corner < 8; corner++)
        {
            double[] voxel =
            [
                (corner & 1) * (Extents.Width - 1), (corner >> 1 & 1) * (Extents.Height - 1),
                (corner >> 2) * (Extents.Depth - 1), 1,
            ];
            for (int row = 0; row < 3; row++)
            {
                double apart = Enumerable.Range(0, 4).Sum(
                    column => (Affine[4 * row + column] - other.Affine[4 * row + column]) * voxel[column]);
                if (!(Math.Abs(apart) <= Tolerance * Spacing.Min()))
                {
                    return false;
                }
            }
        }
        return true;
    }

    // Voxel v of the new grid is voxel origin + factor · v of this one; both along D, H, W.
    private double[]? Moved(double[] origin, double[] factor) => Affine is null ? null :
    [
        .. Enumerable.Range(0, 12).Select(i => i % 4 < 3
            ? Affine[i] * factor[2 - i % 4]
            : Affine[i] + Enumerable.Range(0, 3).Sum(column => Affine[i - 3 + column] * origin[2 - column])),
    ];

    private static double Length(double[] affine, int column) =>
        Math.Sqrt(Enumerable.Range(0, 3).Sum(row => affine[4 * row + column] * affine[4 * row + column]));
}
