namespace RevUp.Tests.Support;

/// <summary>Files of a small network with random weights, and images for it.</summary>
internal static class PredictorFiles
{
    public const int Length = 8 * 8 * 3;

    public static readonly string[] Names = ["left", "right", "none"];
    public static readonly ChannelNormalization Normalization = new([0.5, 0.25, 0.4], [0.25, 0.5, 0.3]);

    /// <summary>
    /// A network whose weights are drawn at random, zero layers too: as it is initialised, it gives
    /// every class the same probability.
    /// </summary>
    public static RevUpNet Network(CpuBackend backend, string name = TestModel.Squeeze)
    {
        TestModel model = TestModel.Get(name);
        RevUpNet net = new(backend, model.Settings, model.Sample, TestModel.Classes, seed: 1);
        float[] values = new float[net.Parameters.Values.Count];
        Random random = new(7);
        foreach (ref float value in values.AsSpan())
        {
            value = (random.NextSingle() - 0.5f) / 2;
        }
        backend.Upload<float>(values, net.Parameters.Values);
        return net;
    }

    /// <summary>
    /// Writes the file of such a network; the input is not stated unless it is given.
    /// </summary>
    public static string Write(TemporaryFolder folder, ModelInput? input = null)
    {
        string path = folder["net.safetensors"];
        using CpuBackend backend = TestRuns.Backend();
        using RevUpNet net = Network(backend);
        Checkpoint.SaveModel(net, path, Normalization, Names, cases: null, input);
        return path;
    }

    /// <summary>A predictor of one thread.</summary>
    public static Predictor Load(string path, PredictorOptions? options = null) =>
        Predictor.Load(path, () => TestRuns.Backend(), options: options);

    /// <summary>Bytes of one image.</summary>
    public static byte[] Image(int seed)
    {
        byte[] image = new byte[Length];
        new Random(seed).NextBytes(image);
        return image;
    }
}
