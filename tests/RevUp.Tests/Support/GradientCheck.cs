namespace RevUp.Tests.Support;

/// <summary>
/// A layer against its twin, the same function written down a second time in float64: outputs are
/// compared directly, gradients of ⟨r, f(x)⟩ for a random r with central differences of the twin,
/// for every element of x and of every parameter.
/// </summary>
internal static class GradientCheck
{
    // Central differences in float64: the truncation error h²·f'''/6 and the rounding error 2⁻⁵³/h
    // are both near 10⁻¹⁰, and allowed for with a margin of 100.
    private const double Step = 1e-6;
    private const double DifferencesError = 1e-8;

    /// <summary>
    /// Checks <paramref name="layer"/>, which is prepared, in both ways to keep intermediates.
    /// </summary>
    /// <param name="backend">The device.</param>
    /// <param name="store">The layer's parameters.</param>
    /// <param name="layer">Layer to check.</param>
    /// <param name="batch">Samples.</param>
    /// <param name="twin">y from the values of all parameters, by name, and of "x".</param>
    /// <param name="rounding">
    /// Relative error that float32 explains; sums over all positions lose the square root of their
    /// length more.
    /// </param>
    public static void Run(
        Backend backend, ParameterStore store, Layer layer, int batch, Func<IReadOnlyDictionary<string, double[]>,
        double[]> twin, double rounding)
    {
        Shape shape = layer.Input.WithBatch(batch);
        float[] x = Vectors.Normal(1, shape.Count);
        float[] r = Vectors.Normal(2, layer.Output.WithBatch(batch).Count);
        Dictionary<string, double[]> values = store.Parameters.ToDictionary(
            p => p.Name, p => backend.ToHost(p.Value).Widen());
        values["x"] = x.Widen();

        (float[] y, Dictionary<string, float[]> gradients) = Differentiate(
            backend, store, layer, x, r, ForwardMode.Keep);
        (float[] stored, Dictionary<string, float[]> storedGradients) = Differentiate(
            backend, store, layer, x, r, ForwardMode.Store);
        CollectionAssert.AreEqual(y, stored);
        Assert.IsLessThanOrEqualTo(rounding, Vectors.RelativeDifference(twin(values), y.Widen()), "output");

        double[] direction = r.Widen();
        List<double> scalars = [], expectedScalars = [];
        foreach ((string name, float[] gradient) in gradients)
        {
            CollectionAssert.AreEqual(
                gradient,
                storedGradients[name],
                $"{name}: recomputed and stored intermediates give different gradients");
            double[] expected = CentralDifferences(values[name], () => Vectors.Dot(direction, twin(values)));
            if (gradient.Length > 1)
            {
                Assert.IsLessThanOrEqualTo(
                    rounding + DifferencesError,
                    Vectors.RelativeDifference(expected, gradient.Widen()),
                    $"gradient of {name}");
                continue;
            }
            scalars.Add(gradient[0]);
            expectedScalars.Add(expected[0]);
        }
        if (scalars.Count > 0)
        {
            // A multiplier at its bound has no gradient, and its differences are rounding alone.
            double difference = Vectors.Norm(
                [.. scalars.Zip(expectedScalars, (actual, expected) => actual - expected)]);
            double allowed = rounding * Math.Sqrt(shape.Count) * Vectors.Norm([.. expectedScalars]) + DifferencesError;
            Assert.IsLessThanOrEqualTo(allowed, difference, "gradients of the scalars");
        }
    }

    private static (float[] Y, Dictionary<string, float[]> Gradients) Differentiate(
        Backend backend, ParameterStore store, Layer layer, float[] x, float[] r, ForwardMode mode)
    {
        int live = backend.Memory.LiveCount;
        int batch = (int)(x.Length / layer.Input.Count);
        backend.Fill(store.Gradients, 0);
        Tensor input = backend.ToDevice(x, layer.Input.WithBatch(batch));
        SavedTensors saved = default;
        float[] y = backend.Take(layer.Forward(input, mode, ref saved));
        layer.ReleaseWeights();
        Tensor gradient = layer.Backward(
            input, backend.ToDevice(r, layer.Output.WithBatch(batch)), inputGradient: true, ref saved);
        Dictionary<string, float[]> gradients = store.Parameters.ToDictionary(
            p => p.Name, p => backend.ToHost(p.Gradient));
        layer.ReleaseWeights();
        gradients["x"] = backend.Take(gradient);
        CollectionAssert.AreEqual(x, backend.Take(input), "the layer changed its input");
        Assert.AreEqual(live, backend.Memory.LiveCount, "the layer left memory behind");
        return (y, gradients);
    }

    private static double[] CentralDifferences(double[] values, Func<double> function)
    {
        double[] gradient = new double[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            double value = values[i];
            values[i] = value + Step;
            double above = function();
            values[i] = value - Step;
            gradient[i] = (above - function()) / (2 * Step);
            values[i] = value;
        }
        return gradient;
    }
}
