using RevUp.Distributed;

namespace RevUp.Tests.Distributed;

/// <summary>
/// The gradients leave in pieces, each as soon as the backward pass has finished it, and no
/// earlier.
/// </summary>
[TestClass]
public sealed class GradientBucketsTests
{
    private const int Batch = 2;
    private const long Bytes = 2048;

    private static readonly Dictionary<string, TestModel> s_models = new()
    {
        ["classifier"] = TestModel.Get(TestModel.Squeeze),
        ["volumes"] = TestModel.Get(TestModel.MixingVolume),
        ["couplings"] = TestModel.Get(TestModel.FixupRevNet),
        ["u-net"] = TestUNet.Picture,
        ["wide u-net"] = TestUNet.WidePicture,
    };

    [TestMethod]
    [DataRow("classifier")]
    [DataRow("volumes")]
    [DataRow("couplings")]
    [DataRow("u-net")]
    [DataRow("couplings", "stages.0")]
    public void PiecesCoverEachParameterOnceFromTheLastLayerToTheFirst(string model, string? freeze = null)
    {
        using CpuBackend backend = new(1, 1L << 26);
        using RevUpNet net = Net(backend, s_models[model], freeze);
        foreach (long bytes in (long[])[0, Bytes, 1, 1 << 30])
        {
            GradientBucket[] buckets =
                [.. new GradientBuckets(Collective.Alone, net.Parameters, net.Layers, bytes).All];
            CollectionAssert.AreEqual(
                buckets.Select(bucket => bucket.Layer).OrderDescending().ToArray(),
                buckets.Select(bucket => bucket.Layer).ToArray());
            (long Start, long End)[] ranges = [.. buckets.Select(bucket => Range(bucket.Gradients)).Order()];
            long end = 0;
            foreach ((long start, long next) in ranges)
            {
                Assert.AreEqual(end, start);
                end = next;
            }
            Assert.AreEqual(net.Parameters.Gradients.Count, end);
            foreach (Parameter parameter in net.Parameters.Parameters.Where(parameter => !parameter.IsFrozen))
            {
                (long start, long last) = Range(parameter.Gradient);
                GradientBucket bucket = buckets.Single(
                    piece => Range(piece.Gradients).Start <= start && last <= Range(piece.Gradients).End);
                Layer owner = net.Layers.Last(
                    layer => parameter.Name.StartsWith(layer.Name + ".", StringComparison.Ordinal));
                Assert.IsLessThanOrEqualTo(Index(net, owner), bucket.Layer, parameter.Name);
            }
            // All but the remainder at the front, and the scalars.
            long least = bytes > 0 ? bytes : net.Parameters.Gradients.Bytes / 8;
            Assert.IsTrue(buckets[..^2].All(bucket => bucket.Gradients.Bytes >= least));
        }

        (long Start, long End) Range(Tensor gradient)
        {
            long start = (gradient.Address - net.Parameters.Gradients.Address) / sizeof(float);
            return (start, start + gradient.Count);
        }
    }

    [TestMethod]
    public void APieceIsEightMebibytesOrAnEighthOfAll()
    {
        Assert.AreEqual(8L << 20, GradientBuckets.BytesOf(1L << 30));
        Assert.AreEqual(1L << 20, GradientBuckets.BytesOf(8L << 20));
    }

    [TestMethod]
    [DataRow("classifier", MemoryPolicy.Store)]
    [DataRow("classifier", MemoryPolicy.Checkpoint)]
    [DataRow("classifier", MemoryPolicy.Compress)]
    [DataRow("classifier", MemoryPolicy.Invert)]
    [DataRow("volumes", MemoryPolicy.Invert)]
    [DataRow("couplings", MemoryPolicy.Invert)]
    [DataRow("u-net", MemoryPolicy.Store)]
    [DataRow("u-net", MemoryPolicy.Compress)]
    [DataRow("u-net", MemoryPolicy.Invert)]
    // Every inversion is refused, and its block's input recomputed.
    [DataRow("classifier", MemoryPolicy.Invert, 0, 1)]
    [DataRow("u-net", MemoryPolicy.Invert, 0, 1)]
    [DataRow("wide u-net", MemoryPolicy.Invert, 3)]
    [DataRow("wide u-net", MemoryPolicy.Store, 3)]
    public void APieceLeavesBeforeTheBackwardPassOfTheLayerBelowIt(
        string model, MemoryPolicy policy, int slab = 0, int evaluations = 50)
    {
        List<int> layers = [];
        MemoryPlan plan = new() { Policy = policy, Slab = slab };
        double limit = evaluations == 1 ? 1e-7 : 0.05;
        InversionSettings inversion = new() { MaximumEvaluations = evaluations, HardLimit = limit, Tolerance = limit };
        using CpuBackend backend = new(1, 1L << 26);
        using RevUpNet net = Net(backend, s_models[model]);
        RecordingCollective ranks = new(backend, isConcurrent: true);
        TrainingSettings settings = new() { Accumulate = 2, BucketBytes = Bytes };
        using TrainingStep step = new(net, settings, plan, inversion, ranks);
        GradientBucket[] buckets = [.. new GradientBuckets(ranks, net.Parameters, net.Layers, Bytes).All];
        List<int> below = [];
        step.Engine.InputObserver = (block, _) => layers.Add(Index(net, block));
        ranks.Sending = values => below.Add(layers.Count);

        Run(step, net);

        Assert.AreEqual(evaluations == 1, step.Engine.Replays > 0);
        CollectionAssert.AreEqual(
            buckets.Select(bucket => bucket.Gradients).ToArray(), ranks.Sent.Select(sent => sent.Values).ToArray());
        for (int piece = 0; piece < buckets.Length; piece++)
        {
            // What has left is final, and no block below the layer that completes it was begun.
            CollectionAssert.AreEqual(backend.ToHost(buckets[piece].Gradients), ranks.Sent[piece].Sent);
            Assert.IsTrue(layers[..below[piece]].All(layer => layer >= buckets[piece].Layer), $"piece {piece}");
        }
        Assert.IsGreaterThan(2, buckets.Length);
        Assert.IsLessThan(layers.Count, below[0], "nothing was sent beside the backward pass");
    }

    [TestMethod]
    public void ARankWithoutNumbersSendsThePiecesThatTheOthersWaitFor()
    {
        using CpuBackend backend = new(1, 1L << 26);
        using RevUpNet net = Net(backend, s_models["classifier"]);
        RecordingCollective ranks = new(backend, isConcurrent: true);
        TrainingSettings settings = new() { Accumulate = 2, BucketBytes = Bytes };
        using TrainingStep step = new(net, settings, new MemoryPlan(), new InversionSettings(), ranks);
        Tensor[] buckets =
            [.. new GradientBuckets(ranks, net.Parameters, net.Layers, Bytes).All.Select(bucket => bucket.Gradients)];
        (float[] pixels, float[] targets) = Data(net);
        float[] broken = [.. pixels];
        broken[0] = float.NaN;
        Assert.ThrowsExactly<TrainingDivergedException>(() => step.Run(broken, targets, 1));
        CollectionAssert.AreEqual(buckets, ranks.Sent.Select(sent => sent.Values).ToArray());
        Assert.AreEqual(1, ranks.Completions, "the next step would change what is on its way");
        step.Run(pixels, targets, 1);
        CollectionAssert.AreEqual(
            (Tensor[])[.. buckets, .. buckets], ranks.Sent.Select(sent => sent.Values).ToArray());
        Assert.AreEqual(2, ranks.Completions);
    }

    [TestMethod]
    public void RanksOfTheHostSendTheSamePiecesAfterTheLastPass()
    {
        using CpuBackend backend = new(1, 1L << 26);
        using RevUpNet net = Net(backend, s_models["classifier"]);
        RecordingCollective ranks = new(backend, isConcurrent: false);
        TrainingSettings settings = new() { Accumulate = 4, BucketBytes = Bytes };
        using TrainingStep step = new(net, settings, new MemoryPlan(), new InversionSettings(), ranks);
        (float[] pixels, float[] targets) = Data(net);
        step.Accumulate(pixels, targets);
        step.Accumulate(pixels, targets);
        Assert.IsEmpty(ranks.Sent);
        step.Update(1);
        CollectionAssert.AreEqual(
            new GradientBuckets(ranks, net.Parameters, net.Layers, Bytes).All.Select(b => b.Gradients).ToArray(),
            ranks.Sent.Select(sent => sent.Values).ToArray());
    }

    private static RevUpNet Net(Backend backend, TestModel model, string? freeze = null)
    {
        RevUpNet net = new(
            backend, model.Settings, model.Sample, TestModel.Classes, seed: 5, trained: new() { Freeze = freeze });
        MemoryProbe.DrawZeroConvolutions(net, seed: 3);
        return net;
    }

    private static void Run(TrainingStep step, RevUpNet net)
    {
        (float[] pixels, float[] targets) = Data(net);
        if (net.Settings.Task == ModelTask.Segmentation)
        {
            step.Run(pixels, new ushort[pixels.Length / net.Sample.Channels], 1);
        }
        else
        {
            step.Run(pixels, targets, 1);
        }
    }

    private static (float[] Pixels, float[] Targets) Data(RevUpNet net)
    {
        float[] targets = new float[Batch * TestModel.Classes];
        targets[1] = targets[TestModel.Classes] = 1;
        return (Vectors.Normal(7, Batch * (int)net.Sample.Count, 1), targets);
    }

    private static int Index(RevUpNet net, Layer layer) => net.Layers.Index().First(entry => entry.Item == layer).Index;
}
