using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// Filters that whiten patches: v / √(λ + ε) for the eigenvectors v of the patches' second moments
/// and their eigenvalues λ, largest first, and −v / √(λ + ε) behind them, so that an activation
/// loses neither sign (arXiv 2404.00498, section 3.2).
/// </summary>
internal static class Whitening
{
    /// <summary>ε: what keeps directions without variance from being noise.</summary>
    public const double Epsilon = 5e-4;

    /// <summary>Positions of a patch along each axis.</summary>
    public const int Kernel = 3;

    private const int Sweeps = 50;

    /// <summary>Elements of a patch of samples of one shape.</summary>
    public static int Elements(Shape sample)
    {
        int elements = sample.Channels;
        for (int axis = 0; axis < sample.SpatialRank; axis++)
        {
            elements *= Kernel;
        }
        return elements;
    }

    /// <summary>
    /// An even number of filters: the leading ones, then their negatives; [filters, elements].
    /// </summary>
    /// <param name="moments">Symmetric, [elements, elements].</param>
    /// <param name="filters">At most twice the elements.</param>
    public static float[] Filters(double[,] moments, int filters)
    {
        int elements = moments.GetLength(0), half = filters / 2;
        (double[] values, double[,] vectors) = Eigen((double[,])moments.Clone());
        int[] order = [.. Enumerable.Range(0, elements).OrderByDescending(i => values[i])];
        float[] weights = new float[filters * elements];
        for (int filter = 0; filter < half; filter++)
        {
            int leading = order[filter];
            double scale = 1 / Math.Sqrt(Math.Max(0, values[leading]) + Epsilon);
            for (int i = 0; i < elements; i++)
            {
                float weight = (float)(vectors[i, leading] * scale);
                weights[filter * elements + i] = weight;
                weights[(half + filter) * elements + i] = -weight;
            }
        }
        return weights;
    }

    // Jacobi's method: rotations that clear one element off the diagonal each (Golub, Van Loan,
    // Matrix Computations, section 8.5).
    private static (double[] Values, double[,] Vectors) Eigen(double[,] a)
    {
        int n = a.GetLength(0);
        double[,] vectors = new double[n, n];
        for (int i = 0; i < n; i++)
        {
            vectors[i, i] = 1;
        }
        for (int sweep = 0; sweep < Sweeps; sweep++)
        {
            bool rotated = false;
            for (int p = 0; p < n; p++)
            {
                for (int q = p + 1; q < n; q++)
                {
                    rotated |= Rotate(a, vectors, p, q);
                }
            }
            if (!rotated)
            {
                break;
            }
        }
        return ([.. Enumerable.Range(0, n).Select(i => a[i, i])], vectors);
    }

    private static bool Rotate(double[,] a, double[,] vectors, int p, int q)
    {
        const double precision = 1e-14;
        if (Math.Abs(a[p, q]) <= precision * Math.Sqrt(Math.Abs(a[p, p] * a[q, q])))
        {
            return false;
        }
        double theta = (a[q, q] - a[p, p]) / (2 * a[p, q]);
        double t = (theta < 0 ? -1 : 1) / (Math.Abs(theta) + Math.Sqrt(theta * theta + 1));
        double c = 1 / Math.Sqrt(t * t + 1), s = t * c;
        int n = a.GetLength(0);
        for (int k = 0; k < n; k++)
        {
            (a[k, p], a[k, q]) = (c * a[k, p] - s * a[k, q], s * a[k, p] + c * a[k, q]);
        }
        for (int k = 0; k < n; k++)
        {
            (a[p, k], a[q, k]) = (c * a[p, k] - s * a[q, k], s * a[p, k] + c * a[q, k]);
            (vectors[k, p], vectors[k, q]) =
                (c * vectors[k, p] - s * vectors[k, q], s * vectors[k, p] + c * vectors[k, q]);
        }
        return true;
    }
}
