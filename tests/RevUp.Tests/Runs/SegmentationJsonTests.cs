namespace RevUp.Tests.Runs;

/// <summary>The file of an evaluation of label maps, and the cases that it pictures.</summary>
[TestClass]
public sealed class SegmentationJsonTests
{
    private static readonly VolumeExtents s_extents = new(3, 4, 5, 2);

    [TestMethod]
    public void WhatIsWrittenIsRead()
    {
        using TemporaryFolder folder = new();
        SegmentationResult written = Record(cases: 8, views: 2).Complete(DatasetSplit.Validation, step: 40);
        SegmentationJson.Write(folder[SegmentationJson.FileName], written);
        SegmentationResult read = SegmentationJson.Read(folder.Path)!;

        Assert.AreEqual((DatasetSplit.Validation, 40L), (read.Part, read.Step));
        CollectionAssert.AreEqual(written.Classes.ToArray(), read.Classes.ToArray());
        CollectionAssert.AreEqual(
            written.Measures.Cases.SelectMany(one => one.Classes).ToArray(),
            read.Measures.Cases.SelectMany(one => one.Classes).ToArray());
        CollectionAssert.AreEqual(
            written.Measures.Cases.Select(one => one.Name).ToArray(),
            read.Measures.Cases.Select(one => one.Name).ToArray());
        CollectionAssert.AreEqual(written.Measures.Dice.ToArray(), read.Measures.Dice.ToArray());
        Assert.IsGreaterThan(0.1, written.Measures.RegionDice.Single().Dice);
        CollectionAssert.AreEqual(written.Measures.RegionDice.ToArray(), read.Measures.RegionDice.ToArray());
        CollectionAssert.AreEqual((int[])[1, 2], read.Measures.Regions.Single().Labels.ToArray());
        CollectionAssert.AreEqual(
            written.Measures.Confusion.SelectMany(row => row).ToArray(),
            read.Measures.Confusion.SelectMany(row => row).ToArray());
        Assert.HasCount(4, read.Views);
        foreach ((CaseView one, CaseView other) in written.Views.Zip(read.Views))
        {
            Assert.AreEqual((one.Case, one.ForegroundDice), (other.Case, other.ForegroundDice));
            foreach ((PlaneView plane, PlaneView back) in one.Planes.Zip(other.Planes))
            {
                Assert.AreEqual(
                    plane with { Pixels = back.Pixels, Truth = back.Truth, Predicted = back.Predicted }, back);
                CollectionAssert.AreEqual(plane.Pixels, back.Pixels);
                CollectionAssert.AreEqual(plane.Truth, back.Truth);
                CollectionAssert.AreEqual(plane.Predicted, back.Predicted);
            }
        }
        JsonElement root = JsonDocument.Parse(File.ReadAllText(folder[SegmentationJson.FileName])).RootElement;
        Assert.AreEqual(written.Measures.ForegroundDice, root.GetProperty("foregroundDice").GetDouble());
        Assert.AreEqual(JsonValueKind.Null, root.GetProperty("dice")[3].ValueKind, "no case has the class");
        Assert.IsNull(SegmentationJson.Read(folder["nowhere"]));
    }

    [TestMethod]
    public void TheWorstAndTheBestArePictured()
    {
        CaseView[] views = [.. Record(cases: 9, views: 2).Complete(DatasetSplit.Test, step: 1).Views];
        SegmentationMeasures measures = Record(cases: 9, views: 0).Complete(DatasetSplit.Test, 1).Measures;
        double[] sorted = [.. measures.Cases.Select(one => one.ForegroundDice).Order()];
        CollectionAssert.AreEqual(
            (double[])[sorted[0], sorted[1], sorted[^2], sorted[^1]],
            views.Select(view => view.ForegroundDice).ToArray());
        Assert.HasCount(3, Record(cases: 3, views: 2).Complete(DatasetSplit.Test, 1).Views, "no case comes twice");
    }

    /// <summary>
    /// Voxel (d, h, w) has the value 100 d + 10 h + w and the label of its place.
    /// </summary>
    [TestMethod]
    [DataRow(0, 1, 5, 4, 2.0)]
    [DataRow(1, 2, 5, 3, 6.0)]
    [DataRow(2, 3, 4, 3, 3.0)]
    public void PlanesAreCutAcrossTheirAxis(int axis, int index, int width, int height, double aspect)
    {
        float[] pixels = new float[60];
        ushort[] truth = new ushort[60], predicted = new ushort[60];
        for (int i = 0; i < 60; i++)
        {
            (int d, int h, int w) = (i / 20, i / 5 % 4, i % 5);
            pixels[i] = 100 * d + 10 * h + w;
            (truth[i], predicted[i]) = ((ushort)pixels[i], (ushort)(pixels[i] + 1));
        }
        PlaneView plane = PlaneView.Cut(
            axis, index, pixels, predicted, truth, s_extents with { Channels = 1 }, new VolumeSpacing(6, 2, 1));
        Assert.AreEqual((width, height, aspect), (plane.Width, plane.Height, plane.Aspect));
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                int upwards = height - 1 - y; // D grows upwards
                int expected = axis switch
                {
                    0 => 100 * index + 10 * y + x,
                    1 => 100 * upwards + 10 * index + x,
                    _ => 100 * upwards + 10 * x + index,
                };
                Assert.AreEqual(expected, plane.Truth[y * width + x]);
                Assert.AreEqual(expected + 1, plane.Predicted[y * width + x]);
            }
        }
        Assert.AreEqual((0, 255), (plane.Pixels.Min(), plane.Pixels.Max()));
    }

    [TestMethod]
    [DataRow("{}", "it is no evaluation of label maps")]
    [DataRow("{\"version\": 1, \"part\": \"test\"", "it is no evaluation of label maps")]
    [DataRow("{\"version\": 2}", "it has version 2, and this version of RevUp reads 1")]
    public void ADamagedFileIsNamed(string text, string message)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder[SegmentationJson.FileName], text);
        CheckpointException exception =
            Assert.ThrowsExactly<CheckpointException>(() => SegmentationJson.Read(folder.Path));
        Assert.Contains(message, exception.Message);
        Assert.Contains(SegmentationJson.FileName, exception.Message);
    }

    /// <summary>Cases of four classes, of which no case has the last.</summary>
    internal static SegmentationRecorder Record(int cases, int views)
    {
        SegmentationRecorder recorder = new(
            ["background", "one", "two", "none"], views, regions: [new ClassRegion("both", [1, 2])]);
        Random random = new(cases);
        for (int number = 0; number < cases; number++)
        {
            float[] pixels = [.. Enumerable.Range(0, 120).Select(_ => random.NextSingle())];
            ushort[] truth = [.. Enumerable.Range(0, 60).Select(_ => (ushort)random.Next(3))];
            ushort[] predicted = [.. truth.Select(label => random.Next(9) < number ? label : (ushort)random.Next(3))];
            recorder.Add(recorder.Compare(
                $"case {number}", pixels, predicted, truth, s_extents, new VolumeSpacing(3, 1, 0.5)));
        }
        return recorder;
    }
}
