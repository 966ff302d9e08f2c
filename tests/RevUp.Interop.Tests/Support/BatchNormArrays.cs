namespace RevUp.Interop.Tests.Support;

/// <summary>
/// Numbers per channel of a batch normalisation or, without a mean and a variance, of an affine
/// map; the calls of either.
/// </summary>
internal sealed record BatchNormArrays(float[]? Mean, float[]? Variance, float Epsilon, float[]? Weight, float[] Bias)
{
    internal int Channels => Bias.Length;

    internal float[] Forward(
        DeviceOperations operations, CpuActivation activation, Stored x, CpuType yType, Alias alias) => Mean is null
        ? operations.ChannelAffineForward(activation, x, Weight, Bias, yType, alias)
        : operations.BatchNormForward(activation, x, Mean, Variance!, Epsilon, Weight, Bias, yType, alias);

    internal (float[] Dx, float[] Weight, float[] Bias) Backward(
        DeviceOperations operations, CpuActivation activation, Stored x, Stored dy, float? scale, Stored? residual,
        CpuType dxType, float[] weightGradient, float[] biasGradient, Alias alias) => Mean is null
        ? operations.ChannelAffineBackward(
            activation, x, Weight, Bias, dy, scale, residual, dxType, weightGradient, biasGradient, alias)
        : operations.BatchNormBackward(
            activation, x, Mean, Variance!, Epsilon, Weight, Bias, dy, scale, residual, dxType, weightGradient,
            biasGradient, alias);

    internal double[] OracleForward(CpuActivation activation, double[] x) => Mean is null
        ? Oracle.ChannelAffineForward(activation, x, Wide(Weight), Oracle.Widen(Bias))
        : Oracle.BatchNormForward(
            activation, x, Oracle.Widen(Mean), Oracle.Widen(Variance!), Epsilon, Wide(Weight), Oracle.Widen(Bias));

    internal (double[] Dx, double[] Weight, double[] Bias) OracleBackward(
        CpuActivation activation, double[] x, double[] dy, double scale, double[]? residual, double[] weightGradient,
        double[] biasGradient) => Mean is null
        ? Oracle.ChannelAffineBackward(
            activation, x, Wide(Weight), Oracle.Widen(Bias), dy, scale, residual, weightGradient, biasGradient)
        : Oracle.BatchNormBackward(
            activation, x, Oracle.Widen(Mean), Oracle.Widen(Variance!), Epsilon, Wide(Weight), Oracle.Widen(Bias), dy,
            scale, residual,
            weightGradient, biasGradient);

    private static double[]? Wide(float[]? values) => values is null ? null : Oracle.Widen(values);
}
