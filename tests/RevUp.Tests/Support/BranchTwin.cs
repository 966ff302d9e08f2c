namespace RevUp.Tests.Support;

/// <summary>
/// A residual branch without Lipschitz control in float64, written from the formulas for every
/// normalisation: zⱼ = Wⱼ ∗ pⱼ, F(x) = s·zₘ₋₁. It shares only the geometry of the convolutions, and
/// the parameters, with the branch that it is a twin of.
/// </summary>
internal static class BranchTwin
{
    /// <summary>F(x).</summary>
    public static double[] Evaluate(
        string name,
        BranchSettings settings,
        IBranch branch,
        bool leadingActivation,
        int batch,
        IReadOnlyDictionary<string, double[]> values,
        double[] x)
    {
        double[] z = x;
        for (int j = 0; j < branch.Convolutions.Count; j++)
        {
            Activation activation = j > 0 || leadingActivation ? settings.Activation : Activation.Identity;
            ConvolutionGeometry sample = branch.Convolutions[j].Sample;
            double[] p = Preactivation(
                name, j + 1, settings.Normalization, activation, batch, sample.Input.Channels, values, z);
            z = Reference.Convolution(
                sample with { Input = sample.Input.WithBatch(batch) }, p, values[$"{name}.conv{j + 1}.weight"]);
        }
        double multiplier = values.TryGetValue($"{name}.scale", out double[]? s) ? s[0] : 1;
        return Array.ConvertAll(z, value => multiplier * value);
    }

    /// <summary>p of x under the names of <see cref="Preactivation.Create"/>.</summary>
    public static double[] Preactivation(
        string name, int index, Normalization normalization, Activation activation, int batch, int channels,
        IReadOnlyDictionary<string, double[]> values, double[] x) =>
        normalization switch
        {
            Normalization.Fixup =>
                Reference.Preactivation(
                    activation, x, values[$"{name}.bias{index}a"][0], values[$"{name}.bias{index}b"][0]),
            Normalization.BatchNorm =>
                Reference.BatchNorm(
                    activation, channels, x, values[$"{name}.bn{index}.weight"], values[$"{name}.bn{index}.bias"]),
            Normalization.InstanceNorm =>
                Reference.InstanceNorm(
                    activation, batch, channels, x, values[$"{name}.in{index}.weight"],
                    values[$"{name}.in{index}.bias"]),
            _ => Reference.AddBias(activation, channels, x, values[$"{name}.bias{index}"]),
        };
}
