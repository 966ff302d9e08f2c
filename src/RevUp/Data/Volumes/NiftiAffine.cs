namespace RevUp.Data.Volumes;

/// <summary>Axes of a NIfTI file in the patient's space.</summary>
internal static class NiftiAffine
{
    /// <summary>
    /// The linear part of voxel (x, y, z) to millimetres (right, front, up), [3, 3] by rows: the
    /// affine where its code is positive, or else the quaternion's rotation and the steps; null where
    /// neither has a code, or where the numbers are none of an affine.
    /// </summary>
    public static double[]? Of(NiftiFields fields)
    {
        if (fields.AffineCode > 0)
        {
            double[] rows = new double[9];
            for (int i = 0; i < rows.Length; i++)
            {
                rows[i] = fields.Affine(i / 3, i % 3);
            }
            return rows;
        }
        return fields.QuaternionCode > 0 ? Rotation(fields) : null;
    }

    /// <summary>
    /// Millimetres (right, front, up) of voxel (0, 0, 0); null where <see cref="Of"/> is.
    /// </summary>
    public static double[]? Translation(NiftiFields fields) =>
        fields.AffineCode > 0 ? [fields.Affine(0, 3), fields.Affine(1, 3), fields.Affine(2, 3)]
        : fields.QuaternionCode > 0
            ? [fields.QuaternionOffset(0), fields.QuaternionOffset(1), fields.QuaternionOffset(2)]
        : null;

    /// <summary>
    /// For each axis of space (right, front, up) the stored axis (x, y, z) nearest to it, and
    /// whether that runs the other way; null where axes are not independent. As
    /// nibabel.io_orientation does it, for axes without shear.
    /// </summary>
    public static (int Axis, bool Flip)[]? Orientation(double[] affine)
    {
        (int Axis, bool Flip)[] axes = new (int, bool)[3];
        bool[] isTaken = new bool[3];
        for (int axis = 0; axis < 3; axis++)
        {
            double norm = Math.Sqrt(Enumerable.Range(0, 3).Sum(row => affine[3 * row + axis] * affine[3 * row + axis]));
            if (!(norm > 0) || !double.IsFinite(norm))
            {
                return null;
            }
        }
        for (int axis = 0; axis < 3; axis++)
        {
            int nearest = Enumerable.Range(0, 3).Where(row => !isTaken[row]).MaxBy(
                row => Math.Abs(affine[3 * row + axis]));
            if (affine[3 * nearest + axis] == 0)
            {
                return null;
            }
            isTaken[nearest] = true;
            axes[nearest] = (axis, affine[3 * nearest + axis] < 0);
        }
        return axes;
    }

    // nifti1.h, method 2: a = √(1 − b² − c² − d²), columns times the steps, the third times qfac =
    // pixdim[0].
    private static double[] Rotation(NiftiFields fields)
    {
        (double b, double c, double d) = (fields.Quaternion(0), fields.Quaternion(1), fields.Quaternion(2));
        double square = 1 - (b * b + c * c + d * d);
        double a = square > 1e-7 ? Math.Sqrt(square) : 0;
        if (a == 0)
        {
            double length = Math.Sqrt(b * b + c * c + d * d);
            (b, c, d) = (b / length, c / length, d / length);
        }
        double third = fields.Step(0) < 0 ? -1 : 1;
        double[] rotation =
        [
            a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c) * third,
            2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b) * third,
            2 * (b * d - a * c), 2 * (c * d + a * b), (a * a + d * d - b * b - c * c) * third,
        ];
        for (int i = 0; i < rotation.Length; i++)
        {
            double step = fields.Step(i % 3 + 1);
            rotation[i] *= step > 0 ? step : 1; // a step that says nothing leaves the axis its direction
        }
        return rotation;
    }
}
