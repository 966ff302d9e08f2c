namespace RevUp.Tests.Support;

/// <summary>
/// A convolution as the matrix that it is, in float64, and that matrix's norm by singular value
/// decomposition: no power iteration is involved.
/// </summary>
internal static class DenseOperator
{
    private const int Sweeps = 60;

    // Scalar products below this, relative to the sum of all squared singular values, change the
    // largest one by less than the tests see. Relative to the two columns alone it would never be
    // reached in matrices without full rank, whose last columns are rounding errors.
    private const double Orthogonal = 1e-13;

    /// <summary>
    /// The largest singular value of the convolution with the given weights; the geometry has a
    /// batch of one.
    /// </summary>
    public static double Norm(ConvolutionGeometry geometry, double[] weights) =>
        LargestSingularValue(Columns(geometry, weights));

    /// <summary>The same for a layer's current weights, at its own extents.</summary>
    public static double Norm(Backend backend, Convolution convolution) =>
        Norm(convolution.Sample, backend.ToHost(convolution.Weight.Value).Widen());

    /// <summary>Columns of the matrix: what the convolution makes of each unit vector.</summary>
    private static double[][] Columns(ConvolutionGeometry geometry, double[] weights)
    {
        double[][] columns = new double[geometry.Input.Count][];
        for (int i = 0; i < columns.Length; i++)
        {
            double[] unit = new double[columns.Length];
            unit[i] = 1;
            columns[i] = Reference.Convolution(geometry, unit, weights);
        }
        return columns;
    }

    /// <summary>
    /// One-sided Jacobi (Hestenes 1958): columns are rotated in pairs until all are orthogonal;
    /// their norms are then the singular values.
    /// </summary>
    private static double LargestSingularValue(double[][] columns)
    {
        double negligible = Orthogonal * columns.Sum(column => Vectors.Dot(column, column));
        bool rotated = true;
        for (int sweep = 0; sweep < Sweeps && rotated; sweep++)
        {
            rotated = false;
            for (int i = 0; i < columns.Length; i++)
            {
                for (int j = i + 1; j < columns.Length; j++)
                {
                    rotated |= Orthogonalize(columns[i], columns[j], negligible);
                }
            }
        }
        Assert.IsFalse(rotated, $"The singular value decomposition did not converge in {Sweeps} sweeps.");
        return columns.Max(Vectors.Norm);
    }

    private static bool Orthogonalize(double[] x, double[] y, double negligible)
    {
        (double xx, double yy, double xy) = (0, 0, 0);
        for (int i = 0; i < x.Length; i++)
        {
            xx += x[i] * x[i];
            yy += y[i] * y[i];
            xy += x[i] * y[i];
        }
        if (Math.Abs(xy) <= negligible)
        {
            return false;
        }
        double zeta = (yy - xx) / (2 * xy);
        double tangent = (zeta >= 0 ? 1 : -1) / (Math.Abs(zeta) + Math.Sqrt(1 + zeta * zeta));
        double cosine = 1 / Math.Sqrt(1 + tangent * tangent);
        for (int i = 0; i < x.Length; i++)
        {
            (x[i], y[i]) = (cosine * (x[i] - tangent * y[i]), cosine * (y[i] + tangent * x[i]));
        }
        return true;
    }
}
