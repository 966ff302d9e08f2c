namespace RevUp.Tests.Support;

/// <summary>
/// The invertible block in float64, written from the formulas: y = x + ŝ·F(x), F with Lipschitz
/// control, σⱼ = ⟨uⱼ, Wⱼ ∗ vⱼ⟩ with uⱼ and vⱼ constant. It shares only its parameters and the
/// power-iteration vectors with the block that it is a twin of.
/// </summary>
internal sealed class BlockTwin(TestBlock block, BranchSettings settings, int batch, bool first)
{
    private readonly int _count = settings.Kind == BranchKind.Basic ? 2 : 3;
    private readonly LipschitzSettings _lipschitz = settings.Lipschitz;
    private readonly double _coefficient = block.Coefficient;

    /// <summary>
    /// Whether the bound is above c (PerBranch), or above the branch's own (Adaptive), or any norm
    /// above c (PerLayer).
    /// </summary>
    public bool IsActive(IReadOnlyDictionary<string, double[]> values)
    {
        double[] sigmas = Sigmas(values);
        return _lipschitz.Mode switch
        {
            LipschitzMode.PerBranch or LipschitzMode.Adaptive =>
                Math.Abs(values["block.scale"][0]) * Product(sigmas) > _coefficient,
            LipschitzMode.PerLayer => sigmas.Any(sigma => sigma > _coefficient),
            _ => false,
        };
    }

    /// <summary>y.</summary>
    public double[] Forward(IReadOnlyDictionary<string, double[]> values)
    {
        double[] x = values["x"];
        double[] sigmas = Sigmas(values);
        double multiplier = values["block.scale"][0];
        double c = _coefficient;
        double effective = _lipschitz.Mode switch
        {
            LipschitzMode.PerBranch or LipschitzMode.Adaptive =>
                multiplier * Math.Min(1, c / (Math.Abs(multiplier) * Product(sigmas))),
            LipschitzMode.PerLayer => multiplier / Math.Max(1, Math.Abs(multiplier)),
            _ => multiplier,
        };
        double[] z = x;
        for (int j = 0; j < _count; j++)
        {
            Activation activation = first && j == 0 ? Activation.Identity : settings.Activation;
            double[] p = Reference.Preactivation(
                activation, z, values[$"block.bias{j + 1}a"][0], values[$"block.bias{j + 1}b"][0]);
            ConvolutionGeometry sample = block.Branch.Convolutions[j].Sample;
            z = Reference.Convolution(
                sample with { Input = sample.Input.WithBatch(batch) }, p, values[$"block.conv{j + 1}.weight"]);
            if (_lipschitz.Mode == LipschitzMode.PerLayer)
            {
                double factor = 1 / Math.Max(1, sigmas[j] / c);
                z = Array.ConvertAll(z, value => factor * value);
            }
        }
        return [.. x.Zip(z, (a, b) => a + effective * b)];
    }

    private double[] Sigmas(IReadOnlyDictionary<string, double[]> values) => _lipschitz.Mode == LipschitzMode.None
        ? []
        : [.. Enumerable.Range(0, _count).Select(j => Sigma(j, values[$"block.conv{j + 1}.weight"]))];

    private double Sigma(int j, double[] weights)
    {
        ConvolutionGeometry sample = block.Branch.Convolutions[j].Sample;
        Shape input = sample.Input;
        for (int axis = 0; sample.Kernel == 1 && axis < input.SpatialRank; axis++)
        {
            input = input.With(axis + 1, 1);
        }
        double[] u = block.State($"conv{j + 1}.u").Widen();
        double[] v = block.State($"conv{j + 1}.v").Widen();
        return Vectors.Dot(u, Reference.Convolution(sample with { Input = input }, v, weights));
    }

    private static double Product(double[] factors) => factors.Aggregate(1.0, (product, factor) => product * factor);
}
