namespace RevUp.Tests.Runs;

/// <summary>TensorBoard's files in a run's folder.</summary>
[TestClass]
public sealed class TensorBoardLogTests : FolderTest
{
    [TestMethod]
    public void TheChecksumIsThePublishedOne() => Assert.AreEqual(0xE3069283, EventReader.Crc32C("123456789"u8));

    [TestMethod]
    public void AStepIsOneEventWithItsScalars()
    {
        MemoryUse peak = default;
        peak[MemoryPurpose.Activations] = 3 << 19;
        using (TensorBoardLog log = new(Folder.Path, lastStep: 0, ["a", "b", "c"]))
        {
            log.Step(
                1, new StepResult(0.5, 0.75, 2, 0.1), 123,
                [new(3, 0.25, 0.5, true, false), default, new(1, double.NaN, 0, true, false)], [], peak);
            log.Step(2, new StepResult(0.25, 1, 2, 0.05), 456, [], [], peak);
            log.Evaluation(2, new EvaluationResult(0.625, 1.5, 10));
        }
        List<ProtobufFields> events = EventReader.Events(EventReader.Files(Folder.Path).Single());
        Assert.AreEqual("brain.Event:2", events[0].Text(3));
        Assert.IsTrue(
            events.TrueForAll(e => Math.Abs(e.Double(1) - DateTimeOffset.UtcNow.ToUnixTimeSeconds()) < 3600),
            "wall time");
        (long, string, float)[] expected =
        [
            (1, "train/loss", 0.5f), (1, "train/top1", 0.75f), (1, "train/learning_rate", 0.1f),
            (1, "train/images_per_second", 123),
            (1, "k/a", 3), (1, "residual/a", 0.25f), (1, "k/c", 1),
            (1, "inversion/k_mean", 2), (1, "inversion/k_max", 3), (1, "inversion/residual_mean", 0.25f),
            (1, "inversion/residual_max", 0.25f),
            (1, "memory_MiB/parameters", 0), (1, "memory_MiB/gradients", 0), (1, "memory_MiB/optimizer", 0),
            (1, "memory_MiB/activations", 1.5f),
            (1, "memory_MiB/workspace", 0),
            (2, "train/loss", 0.25f), (2, "train/top1", 1), (2, "train/learning_rate", 0.05f),
            (2, "train/images_per_second", 456),
            (2, "test/loss", 1.5f), (2, "test/top1", 0.625f),
        ];
        CollectionAssert.AreEqual(expected, EventReader.Scalars(Folder.Path));
    }

    [TestMethod]
    public void CoefficientsOfTheirOwnAndContractionsAreScalarsOfEachBlock()
    {
        using (TensorBoardLog log = new(Folder.Path, lastStep: 0, ["a", "b"]))
        {
            log.Step(
                1, default, 0, [new(3, 0.25, 0.5, true, false), new(1, 0.125, double.NaN, true, false)], [1.5f, 0.5f],
                default);
        }
        (long, string, float)[] expected =
        [
            (1, "c/a", 1.5f), (1, "contraction/a", 0.5f), (1, "c/b", 0.5f),
            (1, "inversion/c_mean", 1), (1, "inversion/c_max", 1.5f), (1, "inversion/contraction_mean", 0.5f),
            (1, "inversion/contraction_max", 0.5f),
        ];
        CollectionAssert.IsSubsetOf(expected, EventReader.Scalars(Folder.Path));
    }

    [TestMethod]
    public void ManyBlocksAreHistograms()
    {
        int blocks = TensorBoardLog.MaximumBlocks + 1;
        InversionRecord[] records =
            [.. Enumerable.Range(0, blocks).Select(i => new InversionRecord(i % 3 + 1, 0.5, 0, true, false))];
        using (TensorBoardLog log = new(Folder.Path, lastStep: 0, Enumerable.Range(0, blocks).Select(i => $"block{i}")))
        {
            log.Step(TensorBoardLog.BlockEverySteps, default, 0, records, [], default);
        }
        ProtobufFields[] values = EventReader.Events(EventReader.Files(Folder.Path).Single())[1].Message(5).Messages(1);
        Assert.IsFalse(values.Any(value => value.Text(1).StartsWith("k/", StringComparison.Ordinal)));
        ProtobufFields histogram = values.Single(value => value.Text(1) == "inversion/k").Message(5);
        CollectionAssert.AreEqual(
            new double[] { 1, 3, 17, 33, 75 }, Enumerable.Range(1, 5).Select(histogram.Double).ToArray());
        CollectionAssert.AreEqual(new double[] { 1, 2, 3 }, histogram.PackedDoubles(6));
        CollectionAssert.AreEqual(new double[] { 6, 6, 5 }, histogram.PackedDoubles(7));
    }

    [TestMethod]
    public void AKilledRunThatIsResumedHasEveryStepOnce()
    {
        Recipe recipe = SmallRecipe.Create("training.checkpointEverySteps=4");
        TestRuns.KillAfter(7, recipe, Folder["run"]);
        string first = EventReader.Files(Folder["run"]).Single();
        using (FileStream file = File.Open(first, FileMode.Open))
        {
            file.SetLength(file.Length - 5); // inside the last record, as a kill leaves it
        }
        TestRuns.Finish(recipe, Folder["run"], resume: true);
        Assert.HasCount(2, EventReader.Files(Folder["run"]));
        List<(long Step, string Tag, float Value)> scalars = EventReader.Scalars(Folder["run"]);
        JsonElement[] lines =
            [.. File.ReadLines(Folder["run/metrics.jsonl"]).Select(line => JsonDocument.Parse(line).RootElement)];
        foreach ((string type, string tag, string property) in new[]
        {
            ("step", "train/loss", "loss"), ("step", "train/top1", "top1"),
            ("step", "train/learning_rate", "learningRate"),
            ("evaluation", "test/loss", "loss"), ("evaluation", "test/top1", "top1"),
        })
        {
            (long, float)[] expected = [.. lines.Where(line => line.GetProperty("type").ValueEquals(type))
                .Select(line => (line.GetProperty("step").GetInt64(), (float)line.GetProperty(property).GetDouble()))];
            Assert.HasCount(type == "step" ? SmallRecipe.Steps : 2, expected);
            CollectionAssert.AreEqual(
                expected,
                scalars.Where(scalar => scalar.Tag == tag).Select(scalar => (scalar.Step, scalar.Value)).ToArray(),
                tag);
        }
    }
}
