using RevUp.Tensors;

namespace RevUp.Data.Dense;

/// <summary>
/// A rotation and a scale of a patch about its centre: the value at position p comes from c + A (p
/// − c), with A = S⁻¹ · R · S · scale and S the millimetres from position to position.
/// </summary>
/// <remarks>
/// So anisotropic voxels turn in millimetres, without shear. Values are read linearly, labels from
/// the nearest position. Positions outside the case give 0 and <see cref="VoxelLabels.Ignored"/>.
/// </remarks>
internal sealed class PatchMotion
{
    private readonly double[] _matrix; // [3, 3] by rows, axes D, H, W
    private readonly VoxelIndex _patch;

    /// <summary>A motion by angles.</summary>
    /// <param name="angles">About D, H and W, in radians; images have the first alone.</param>
    /// <param name="scale">Above 1 the content shrinks.</param>
    /// <param name="patch">Extents.</param>
    /// <param name="spacing">Millimetres along (D,) H, W; empty for equal ones.</param>
    public PatchMotion(double[] angles, double scale, VoxelIndex patch, IReadOnlyList<double> spacing)
    {
        double[] step = [1, 1, 1];
        for (int i = 0; i < spacing.Count; i++)
        {
            step[i + 3 - spacing.Count] = spacing[i];
        }
        double[] rotation = Multiply(Turn(0, angles[0]), Multiply(Turn(1, angles[1]), Turn(2, angles[2])));
        _matrix = [.. rotation.Select((value, i) => value * scale * step[i % 3] / step[i / 3])];
        _patch = patch;
    }

    /// <summary>
    /// Draws a motion; null where the patch stays as it is. Always the same number of draws.
    /// </summary>
    public static PatchMotion? Draw(
        ref CounterRandom random, PatchAugmentation settings, VoxelIndex patch, IReadOnlyList<double> spacing)
    {
        bool rotates = random.NextDouble() < settings.RotationShare;
        double[] angles = new double[3];
        for (int axis = 0; axis < 3; axis++)
        {
            double share = 2 * random.NextDouble() - 1;
            bool isUsed = rotates && (axis == 0 || patch.Depth > 1);
            angles[axis] = isUsed ? share * settings.RotationDegrees * Math.PI / 180 : 0;
        }
        bool scales = random.NextDouble() < settings.ScaleShare;
        double drawn = PatchValues.Factor(ref random, settings.Scale);
        return rotates || scales ? new PatchMotion(angles, scales ? drawn : 1, patch, spacing) : null;
    }

    /// <summary>The box of a case that a patch is made of.</summary>
    /// <param name="origin">First position of the patch.</param>
    /// <param name="extents">Of the case; what lies farther out than one position is not
    /// read.</param>
    public (VoxelIndex First, VoxelIndex Box) Source(VoxelIndex origin, VoxelIndex extents)
    {
        int[] first = new int[3], box = new int[3];
        for (int axis = 0; axis < 3; axis++)
        {
            double reach = Enumerable.Range(0, 3).Sum(
                other => Math.Abs(_matrix[3 * axis + other]) * (_patch[other] - 1) / 2.0);
            double centre = origin[axis] + (_patch[axis] - 1) / 2.0;
            int low = Math.Clamp((int)Math.Floor(centre - reach), -1, extents[axis]);
            int high = Math.Clamp((int)Math.Ceiling(centre + reach) + 1, low + 1, extents[axis] + 1);
            (first[axis], box[axis]) = (low, high - low);
        }
        return (new VoxelIndex(first[0], first[1], first[2]), new VoxelIndex(box[0], box[1], box[2]));
    }

    /// <summary>Fills a patch from the box that <see cref="Source"/> names.</summary>
    public void Resample(
        VoxelIndex origin,
        VoxelIndex first,
        VoxelIndex box,
        int channels,
        ReadOnlySpan<float> values,
        ReadOnlySpan<ushort> labels,
        Span<float> pixels,
        Span<ushort> numbers)
    {
        Span<double> start = stackalloc double[3], place = stackalloc double[3];
        for (int axis = 0; axis < 3; axis++)
        {
            start[axis] = origin[axis] + (_patch[axis] - 1) / 2.0 - first[axis];
        }
        int at = 0;
        for (int d = 0; d < _patch.Depth; d++)
        {
            for (int h = 0; h < _patch.Height; h++)
            {
                for (int w = 0; w < _patch.Width; w++, at++)
                {
                    (double y0, double y1, double y2) = (
                        d - (_patch.Depth - 1) / 2.0, h - (_patch.Height - 1) / 2.0, w - (_patch.Width - 1) / 2.0);
                    for (int axis = 0; axis < 3; axis++)
                    {
                        place[axis] = start[axis] + _matrix[3 * axis] * y0 + _matrix[3 * axis + 1] * y1
                            + _matrix[3 * axis + 2] * y2;
                    }
                    numbers[at] = Nearest(labels, box, place);
                    Linear(values, box, channels, place, pixels.Slice(at * channels, channels));
                }
            }
        }
    }

    private static ushort Nearest(ReadOnlySpan<ushort> labels, VoxelIndex box, ReadOnlySpan<double> place)
    {
        (double d, double h, double w) = (
            Math.Floor(place[0] + 0.5), Math.Floor(place[1] + 0.5), Math.Floor(place[2] + 0.5));
        bool isInside = d >= 0 && h >= 0 && w >= 0 && d < box.Depth && h < box.Height && w < box.Width;
        return isInside ? labels[((int)d * box.Height + (int)h) * box.Width + (int)w] : VoxelLabels.Ignored;
    }

    private static void Linear(
        ReadOnlySpan<float> values, VoxelIndex box, int channels, ReadOnlySpan<double> place, Span<float> to)
    {
        to.Clear();
        (double d, double h, double w) = (Math.Floor(place[0]), Math.Floor(place[1]), Math.Floor(place[2]));
        if (d < -1 || h < -1 || w < -1 || d >= box.Depth || h >= box.Height || w >= box.Width)
        {
            return;
        }
        (float td, float th, float tw) = ((float)(place[0] - d), (float)(place[1] - h), (float)(place[2] - w));
        for (int corner = 0; corner < 8; corner++)
        {
            (int i, int j, int k) = ((int)d + (corner >> 2), (int)h + (corner >> 1 & 1), (int)w + (corner & 1));
            float weight = ((corner & 4) != 0 ? td : 1 - td) * ((corner & 2) != 0 ? th : 1 - th)
                * ((corner & 1) != 0 ? tw : 1 - tw);
            if (weight == 0 || i < 0 || j < 0 || k < 0 || i >= box.Depth || j >= box.Height || k >= box.Width)
            {
                continue;
            }
            ReadOnlySpan<float> from = values.Slice(((i * box.Height + j) * box.Width + k) * channels, channels);
            for (int channel = 0; channel < channels; channel++)
            {
                to[channel] += weight * from[channel];
            }
        }
    }

    private static double[] Turn(int axis, double angle)
    {
        double[] matrix = [1, 0, 0, 0, 1, 0, 0, 0, 1];
        (int a, int b) = ((axis + 1) % 3, (axis + 2) % 3);
        (matrix[3 * a + a], matrix[3 * a + b]) = (Math.Cos(angle), -Math.Sin(angle));
        (matrix[3 * b + a], matrix[3 * b + b]) = (Math.Sin(angle), Math.Cos(angle));
        return matrix;
    }

    private static double[] Multiply(double[] left, double[] right) =>
        [.. Enumerable.Range(0, 9).Select(i => Enumerable.Range(0, 3).Sum(
            k => left[i / 3 * 3 + k] * right[3 * k + i % 3]))];
}
