namespace RevUp.Tests.Support;

/// <summary>
/// A U-Net of residual blocks in float64, layer by layer from the formulas, with its soft
/// cross-entropy. It shares only shapes and parameters with the network.
/// </summary>
internal sealed class UNetTwin(RevUpNet net, int batch)
{
    private readonly ModelSettings _settings = net.Settings;

    /// <summary>The loss: a sum over positions, a mean over samples.</summary>
    public double Loss(IReadOnlyDictionary<string, double[]> values, double[] pixels, float[] targets) =>
        CrossEntropy(Logits(values, pixels), targets);

    /// <summary>The output: [N, positions, classes].</summary>
    public double[] Logits(IReadOnlyDictionary<string, double[]> values, double[] pixels)
    {
        double[] x = pixels;
        Stack<double[]> skips = [];
        foreach (Layer layer in net.Layers)
        {
            x = layer switch
            {
                ResidualBlock block => Add(x, Branch(block, values, x)),
                ConvolutionLayer => Convolution(layer, 3, 1, values, x),
                StridedTransition => Down(layer, skips, values, x),
                TransposedTransition => Add(skips.Pop(), Up(layer, values[layer.Name + ".weight"], x)),
                _ => Head(layer, values, x),
            };
        }
        return x;
    }

    private double[] Branch(ResidualBlock block, IReadOnlyDictionary<string, double[]> values, double[] x)
    {
        BranchSettings settings = new(
            _settings.Branch, _settings.Activation, _settings.Groups, ElementType.Float32, _settings.BranchCount,
            _settings.Lipschitz, _settings.Normalization);
        bool leads = block.Index > 0 || _settings.Normalization == Normalization.InstanceNorm;
        return BranchTwin.Evaluate(block.Name, settings, block.Branch, leads, batch, values, x);
    }

    private double[] Down(
        Layer layer, Stack<double[]> skips, IReadOnlyDictionary<string, double[]> values, double[] x)
    {
        skips.Push(x);
        Axes kernel = Stage(layer).Kernel is { } own ? Axes.Of(own) : _settings.TransitionKernel;
        return Convolution(layer, kernel, StrideOf(Stage(layer)), values, Preactivated(layer, values, x));
    }

    private double[] Convolution(
        Layer layer, Axes kernel, Axes stride, IReadOnlyDictionary<string, double[]> values, double[] x) =>
        Reference.Convolution(
            new(layer.Input.WithBatch(batch), layer.Output.Channels, kernel, stride, kernel.Map(k => (k - 1) / 2), 1,
                ElementType.Float32),
            x, values[layer.Name + ".weight"]);

    // Of the transition to a stage: "stages.1.down".
    private StageSettings Stage(Layer layer) => _settings.Stages[layer.Name[7] - '0'];

    private static Axes StrideOf(StageSettings stage) => stage.Stride is { } own ? Axes.Of(own) : 2;

    // Every position takes its one tap: w [I, s, (s), s, O].
    private double[] Up(Layer layer, double[] w, double[] x)
    {
        (Shape fine, Shape coarse) = (layer.Output.WithBatch(batch), layer.Input.WithBatch(batch));
        Axes stride = StrideOf(_settings.Stages[layer.Name[7] - '0' + 1]);
        (int inputs, int outputs) = (coarse.Channels, fine.Channels);
        int taps = w.Length / inputs / outputs;
        double[] y = new double[fine.Count];
        for (int i = 0; i < y.Length; i++)
        {
            int rest = i / outputs, position = 0, tap = 0;
            for ((int axis, int size, int factor) = (fine.SpatialRank - 1, 1, 1); axis >= 0; axis--)
            {
                int at = rest % fine.Extent(axis);
                rest /= fine.Extent(axis);
                position += size * (at / stride[axis]);
                tap += factor * (at % stride[axis]);
                (size, factor) = (size * coarse.Extent(axis), factor * stride[axis]);
            }
            position += rest * (int)coarse.Positions;
            for (int c = 0; c < inputs; c++)
            {
                y[i] += x[position * inputs + c] * w[(c * taps + tap) * outputs + (i % outputs)];
            }
        }
        return y;
    }

    private double[] Head(Layer layer, IReadOnlyDictionary<string, double[]> values, double[] x)
    {
        (double[] p, double[] w, double[] bias) =
            (Preactivated(layer, values, x), values["head.weight"], values["head.bias"]);
        int channels = w.Length / bias.Length;
        double[] logits = new double[p.Length / channels * bias.Length];
        for (int i = 0; i < logits.Length; i++)
        {
            (int position, int k) = (i / bias.Length, i % bias.Length);
            logits[i] = bias[k] + Enumerable.Range(0, channels)
                .Sum(c => p[position * channels + c] * w[k * channels + c]);
        }
        return logits;
    }

    private double[] Preactivated(Layer layer, IReadOnlyDictionary<string, double[]> values, double[] x) =>
        BranchTwin.Preactivation(
            layer.Name, 1, _settings.Normalization, _settings.Activation, batch, layer.Input.Channels, values, x);

    private double CrossEntropy(double[] logits, float[] targets)
    {
        double loss = 0;
        for (int i = 0; i < logits.Length; i += TestUNet.Classes)
        {
            double[] row = logits[i..(i + TestUNet.Classes)];
            double normalizer = Math.Log(row.Sum(Math.Exp));
            loss += row.Select((logit, k) => targets[i + k] * (normalizer - logit)).Sum();
        }
        return loss / batch;
    }

    private static double[] Add(double[] x, double[] y) => [.. x.Zip(y, (a, b) => a + b)];
}
