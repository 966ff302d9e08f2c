namespace RevUp.Interop.Tests.Support;

/// <summary>
/// Error bounds of the gradients of batch normalisation, carried from g = scale·dy·φ′(t) through
/// the sums over a channel's rows to dx: every sum takes over the errors of its terms.
/// </summary>
internal sealed class BatchNormErrors
{
    // Of n = (x − mean) / √(variance + ε): a difference, ε + variance, root, reciprocal, product.
    private const int NormalizedRoundings = 5;

    // Of dx from its terms: the factor's four, the means' one, and three products and sums.
    private const int InputRoundings = 10;

    private readonly BatchNormArrays _arrays;
    private readonly Stored _x;
    private readonly double[] _gradients;
    private readonly double[] _errors;
    private readonly double[] _sum;
    private readonly double[] _magnitude;
    private readonly double[] _product;
    private readonly double[] _productMagnitude;

    /// <param name="arrays">Numbers per channel.</param>
    /// <param name="x">Input.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="scale">Its factor.</param>
    /// <param name="innerError">
    /// The error of t: an exponential, at most 1, changes by that factor.
    /// </param>
    internal BatchNormErrors(BatchNormArrays arrays, Stored x, Stored dy, double scale, Func<int, double> innerError)
    {
        (_arrays, _x) = (arrays, x);
        int channels = arrays.Channels;
        (_sum, _magnitude, _product, _productMagnitude) =
            (new double[channels], new double[channels], new double[channels], new double[channels]);
        _gradients = Array.ConvertAll(dy.Doubles, value => Math.Abs(scale * value));
        _errors = new double[x.Count];
        for (int i = 0; i < x.Count; i++)
        {
            int c = i % channels;
            double g = _gradients[i], n = Normalized(i);
            _errors[i] = Tolerance.Float32(2 + Tolerance.Exponential, g) + (g * innerError(i));
            _sum[c] += _errors[i];
            _magnitude[c] += g;
            _product[c] += (_errors[i] * n) + Tolerance.Float32(NormalizedRoundings + 1, g * n);
            _productMagnitude[c] += g * n;
        }
    }

    private int Rows => _x.Count / _arrays.Channels;

    internal static double Mean(BatchNormArrays arrays, int c) => arrays.Mean?[c] ?? 0;

    internal static double Scale(BatchNormArrays arrays, int c) => (arrays.Weight?[c] ?? 1) / Deviation(arrays, c);

    /// <summary>Of Σ g.</summary>
    internal double Sum(int c) => _sum[c] + Tolerance.Float64(Rows, _magnitude[c]);

    /// <summary>Σ |g|.</summary>
    internal double Magnitude(int c) => _magnitude[c];

    /// <summary>Of Σ g·n.</summary>
    internal double Product(int c) => _product[c] + Tolerance.Float64(Rows, _productMagnitude[c]);

    /// <summary>Σ |g·n|.</summary>
    internal double ProductMagnitude(int c) => _productMagnitude[c];

    /// <summary>Of dx without its residual.</summary>
    internal double Input(int i)
    {
        int c = i % _arrays.Channels;
        double error = _errors[i], terms = _gradients[i], n = Normalized(i);
        if (_arrays.Mean is not null)
        {
            error += (Sum(c) + (n * Product(c))) / Rows;
            terms += (_magnitude[c] + (n * _productMagnitude[c])) / Rows;
        }
        return Math.Abs(Scale(_arrays, c)) * (error + Tolerance.Float32(InputRoundings, terms));
    }

    private static double Deviation(BatchNormArrays arrays, int c) =>
        arrays.Variance is null ? 1 : Math.Sqrt(arrays.Variance[c] + (double)arrays.Epsilon);

    private double Normalized(int i)
    {
        int c = i % _arrays.Channels;
        return Math.Abs(_x.Values[i] - Mean(_arrays, c)) / Deviation(_arrays, c);
    }
}
