namespace RevUp.Tests.Backends;

/// <summary>
/// Convolutions above the limit of elements are computed in parts, with the numbers of the whole.
/// </summary>
[TestClass]
public sealed class ConvolutionPartsTests
{
    private static readonly string[] s_passes = ["fprop", "dgrad", "wgrad"];

    private static readonly Dictionary<string, ConvolutionGeometry> s_geometries = new()
    {
        ["picture"] = Of(new(1, 37, 4, 16), 16, kernel: 3, stride: 1, padding: 1),
        ["groups"] = Of(new(1, 37, 4, 16), 32, kernel: 3, stride: 1, padding: 1) with { Groups = 4 },
        ["volume"] = Of(new(1, 33, 4, 4, 16), 32, kernel: 3, stride: 1, padding: 1),
        ["stem"] = Of(new(1, 64, 8, 8, 1), 16, kernel: 3, stride: 1, padding: 1),
        ["wide kernel"] = Of(new(1, 48, 16, 4), 16, kernel: 7, stride: 2, padding: 3),
        ["overlapping"] = Of(new(1, 50, 8, 16), 16, kernel: 3, stride: 2, padding: 1),
        ["apart"] = Of(new(1, 50, 8, 16), 16, kernel: 1, stride: 2, padding: 0),
        ["tiled"] = Of(new(1, 34, 4, 4, 16), 16, kernel: 2, stride: 2, padding: 0),
        ["slices"] = Of(new(1, 33, 4, 4, 16), 16, kernel: 3, stride: 1, padding: 1) with
        {
            Kernel = new Axes(1, 3, 3),
            Stride = new Axes(1, 2, 2),
            Padding = new Axes(0, 1, 1),
        },
        ["samples"] = Of(new(6, 4, 4, 16), 16, kernel: 3, stride: 1, padding: 1),
        ["large samples"] = Of(new(2, 37, 4, 16), 16, kernel: 3, stride: 1, padding: 1),
    };

    [TestMethod]
    [EveryBackend("picture", 1024)]
    [EveryBackend("picture", 128)]
    [EveryBackend("groups", 512)]
    [EveryBackend("volume", 4096)]
    [EveryBackend("stem", 2048)]
    [EveryBackend("stem", 40_000)]
    [EveryBackend("wide kernel", 1024)]
    [EveryBackend("overlapping", 4096)]
    [EveryBackend("apart", 2048)]
    [EveryBackend("tiled", 2048)]
    [EveryBackend("slices", 4096)]
    [EveryBackend("samples", 700)]
    [EveryBackend("large samples", 1024)]
    public void PassesAreThoseOfTheWhole(TestDevice device, string name, int limit)
    {
        ConvolutionGeometry geometry = s_geometries[name];
        using Backend backend = device.Open(poison: true);
        backend.ConvolutionLimit = limit;
        ConvolutionPlan parts = backend.Convolution(geometry);
        Assert.IsTrue(parts is PlaneParts or SampleParts, $"{parts}");
        using Backend other = device.Open(poison: true);
        ConvolutionPlan whole = other.Convolution(geometry);
        Assert.IsFalse(whole is PlaneParts or SampleParts, $"{whole}");
        foreach (bool scaled in (bool[])[false, true])
        {
            float[][] expected = Passes(other, whole, scaled), actual = Passes(backend, parts, scaled);
            for (int i = 0; i < s_passes.Length; i++)
            {
                Assert.IsLessThanOrEqualTo(
                    Tolerance(s_passes[i], geometry), Vectors.RelativeDifference(expected[i], actual[i]), s_passes[i]);
            }
        }
    }

    /// <summary>
    /// cuDNN refuses this geometry, with 2³¹ elements. The plans of its parts prove themselves,
    /// which takes a stand-in minutes.
    /// </summary>
    [TestMethod]
    [EveryBackend(SlowOnStandIn = true)]
    public void AVolumeOf512PlanesIsNoLargerThanADeviceTakes(TestDevice device)
    {
        using Backend backend = device.Open();
        ConvolutionPlan plan = backend.Convolution(
            Of(new(1, 512, 512, 512, 16), 16, kernel: 3, stride: 1, padding: 1));
        Assert.AreEqual(new Shape(1, 512, 512, 512, 16), plan.Geometry.Output);
    }

    [TestMethod]
    [EveryBackend(false)]
    [EveryBackend(true)]
    public void AUNetHasTheGradientOfWholeConvolutions(TestDevice device, bool volume)
    {
        using TestUNet network = new(device, volume ? TestUNet.WideVolume : TestUNet.WidePicture);
        float[] whole = network.Gradients(MemoryPolicy.Store);
        using TestUNet limited = new(device, volume ? TestUNet.WideVolume : TestUNet.WidePicture);
        limited.Backend.ConvolutionLimit = 600;
        foreach (MemoryPolicy policy in (MemoryPolicy[])[MemoryPolicy.Store, MemoryPolicy.Invert])
        {
            Assert.IsLessThanOrEqualTo(
                1e-5, Vectors.RelativeDifference(whole, limited.Gradients(policy)), $"{policy}");
        }
    }

    // wgrad adds a product of every position, in any order: its roundings grow like a random walk.
    private static double Tolerance(string pass, ConvolutionGeometry geometry)
    {
        const double HalfSpacing = 1.0 / (1 << 24);
        double positions = (double)geometry.Output.Count / geometry.OutputChannels;
        return pass == "wgrad" ? Math.Max(1e-6, HalfSpacing * Math.Sqrt(positions)) : 1e-6;
    }

    private static ConvolutionGeometry Of(Shape input, int channels, int kernel, int stride, int padding) =>
        new(input, channels, kernel, stride, padding, Groups: 1, ElementType.Float32);

    private static float[][] Passes(Backend backend, ConvolutionPlan plan, bool scaled)
    {
        ConvolutionGeometry geometry = plan.Geometry;
        Tensor x = backend.ToDevice(Vectors.Normal(1, geometry.Input.Count), geometry.Input);
        Tensor dy = backend.ToDevice(Vectors.Normal(2, geometry.Output.Count), geometry.Output);
        Tensor weights = backend.ToDevice(Vectors.Normal(3, geometry.Weights.Count), geometry.Weights);
        Tensor scale = scaled ? backend.ToDevice([0.7f], new Shape(1)) : default;
        PackedWeights packed = new(backend.Memory);
        packed.Pack(plan, weights, scale);
        int live = backend.Memory.LiveCount;
        Tensor y = New(geometry.Output), dx = New(geometry.Input), dw = New(geometry.Weights);
        plan.Forward(x, packed.Value, y);
        plan.BackwardData(dy, packed.Value, dx);
        plan.BackwardWeights(x, dy, dw);
        float[][] passes = [backend.Take(y), backend.Take(dx), backend.Take(dw)];
        Assert.AreEqual(live, backend.Memory.LiveCount, "the passes left memory behind");
        return passes;

        Tensor New(Shape shape) =>
            backend.Memory.Allocate(shape, ElementType.Float32, MemoryPurpose.Activations);
    }
}
