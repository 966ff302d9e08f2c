namespace RevUp.Tests.Backends;

/// <summary>
/// The ranges of a profile have the documented names, nest as documented, and are closed whatever
/// happens in them.
/// </summary>
[TestClass]
public sealed class ProfilerRangesTests
{
    private static readonly TestDevice s_cuda = TestDevice.All.Single(device => device.ToString() == "cuda");

    [TestMethod]
    public void AStepIsPrepareForwardBackwardWithInversionsAndOptimiser()
    {
        using TestNetwork network = TestNetwork.Trained(s_cuda, TestModel.Squeeze);
        string[] ranges = RecordedRanges.Of(() => network.Train(1));

        string[] names = [.. network.Net.Layers.Select(layer => "    " + layer.Name)];
        List<string> expected =
            ["step", "  prepare", "    power iteration", .. names, "  forward", .. names, "  backward"];
        for (int i = names.Length - 1; i >= 0; i--)
        {
            expected.Add(names[i]);
            if (i > 0 && network.Net.Layers[i].IsInvertible)
            {
                expected.Add("      inversion");
                int evaluations = network.Net.Layers[i] is InvertibleBlock block
                    ? network.Engine.Records[block.Index].Evaluations
                    : 0;
                expected.AddRange(Enumerable.Range(1, evaluations).Select(k => $"        iteration {k}"));
            }
        }
        expected.AddRange("  optimiser", "  wait for the device");
        foreach (InvertibleBlock block in network.Net.Blocks)
        {
            InversionRecord record = network.Engine.Records[block.Index];
            if (record.Evaluations == 0)
            {
                continue;
            }
            expected.Add($"  {block.Name}: k = {record.Evaluations}");
            expected.Add($"  {block.Name}: residual = ");
        }
        CollectionAssert.AreEqual(expected, ranges.Select(WithoutResidual).ToArray());
        CollectionAssert.Contains(ranges, "        iteration 2", "a trained block takes more than one evaluation");
    }

    [TestMethod]
    public void ABlockThatIsReplayedNamesTheLayersThatRunAgain()
    {
        InversionSettings impossible = new() { Tolerance = 1e-7, HardLimit = 1e-7, MaximumEvaluations = 1 };
        using TestNetwork network = TestNetwork.Trained(s_cuda, TestModel.Chain);
        network.Engine.Inversion = impossible;
        string[] ranges = RecordedRanges.Of(() => network.Train(1));

        string[] expected =
        [
            "    stages.0.blocks.1", "      inversion", "        iteration 1", "      replay", "        stem",
            "        stages.0.blocks.0",
            "    stages.0.blocks.0", "      inversion", "        iteration 1", "      replay", "        stem",
            "    stem", "  optimiser", "  wait for the device",
        ];
        ranges = [.. ranges.Where(line => !line.Contains(" = ", StringComparison.Ordinal))];
        CollectionAssert.AreEqual(expected, ranges[^expected.Length..]);
    }

    [TestMethod]
    public void AnInferenceIsPrepareAndTheLayers()
    {
        using TestNetwork network = new(s_cuda, TestModel.Get(TestModel.Chain));
        (float[] pixels, _) = network.Data(0);
        string[] layers = [.. network.Net.Layers.Select(layer => layer.Name)];

        string[] first = RecordedRanges.Of(() => network.Net.Predict(pixels));
        string[] second = RecordedRanges.Of(() => network.Net.Predict(pixels));

        CollectionAssert.AreEqual(
            (string[])
            [
                "inference", "  prepare", .. layers.Select(name => "    " + name),
                .. layers.Select(name => "  " + name),
            ],
            first);
        CollectionAssert.AreEqual(
            (string[])["inference", .. layers.Select(name => "  " + name)], second, "what is prepared stays so");
    }

    [TestMethod]
    public void AStepThatThrowsClosesItsRanges()
    {
        using TestNetwork network = TestNetwork.Trained(s_cuda, TestModel.Squeeze);
        (float[] pixels, float[] targets) = network.Data(0);

        network.Engine.InputObserver = (_, _) =>
            throw new InvalidOperationException("in the middle of the backward pass");
        string[] backward = RecordedRanges.Of(
            () => Assert.ThrowsExactly<InvalidOperationException>(() => network.Step.Run(pixels, targets, 1)));
        network.Engine.InputObserver = null;
        pixels[0] = float.NaN;
        // A step that looks at its loss before it goes on.
        network.Engine.Inverter.Plan.Forget();
        string[] diverged = RecordedRanges.Of(
            () => Assert.ThrowsExactly<TrainingDivergedException>(() => network.Step.Run(pixels, targets, 1)));

        CollectionAssert.Contains(backward, "      inversion");
        CollectionAssert.DoesNotContain(backward, "  optimiser");
        CollectionAssert.Contains(diverged, "  forward");
        CollectionAssert.DoesNotContain(diverged, "  backward");
    }

    /// <summary>A copy to the device is named with its size.</summary>
    [TestMethod]
    public void ABatchThatIsHandedOverHasItsBytes()
    {
        using TestNetwork network = new(s_cuda, TestModel.Get(TestModel.Chain));
        (float[] pixels, float[] targets) = network.Data(0);
        string[] ranges = RecordedRanges.Of(() => network.Step.Stage(pixels, targets));
        CollectionAssert.AreEqual(
            new[] { $"hand over the batch, {sizeof(float) * pixels.Length} bytes" }, ranges);
    }

    private static string WithoutResidual(string line) =>
        line.IndexOf("residual = ", StringComparison.Ordinal) is >= 0 and var place
            ? line[..(place + "residual = ".Length)]
            : line;

    [TestMethod]
    public void TheCpuHasNoRanges()
    {
        TestDevice cpu = TestDevice.All.Single(device => device.ToString() == "cpu");
        using TestNetwork network = new(cpu, TestModel.Get(TestModel.Chain));

        Assert.IsEmpty(RecordedRanges.Of(() => network.Train(1)));
    }

    [TestMethod]
    [DataRow(1, "iteration 1")]
    [DataRow(31, "iteration 31")]
    [DataRow(32, "iteration 32+")]
    [DataRow(10_000, "iteration 32+")]
    public void IterationsAreNamedByTheirNumber(int k, string expected) =>
        Assert.AreEqual(expected, ProfilerRanges.Iteration(k).ToString());
}
