using System.Xml.Linq;
using RevUp.Cli.Reporting;
using RevUp.Tests.Runs;

namespace RevUp.Tests.Cli;

/// <summary>The parts of a run's page about label maps.</summary>
[TestClass]
public sealed class SegmentationReportTests
{
    [TestMethod]
    public void APageOfARunThatSegmentsHasCurvesClassesCasesAndPictures()
    {
        using TemporaryFolder folder = new();
        string run = Tool.TrainTiny(folder);
        SegmentationResult result = SegmentationJsonTests.Record(cases: 5, views: 2).Complete(DatasetSplit.Test, 16);
        SegmentationJson.Write(Path.Combine(run, SegmentationJson.FileName), result);
        using (MetricsLog log = new(Path.Combine(run, MetricsLog.FileName), lastStep: 16))
        {
            log.Evaluation(16, epoch: 1, new EvaluationResult(0.5, 1, 5)
            {
                Segmentation = result.Measures.Summary,
            });
        }
        ToolResult report = Tool.Run("report", run, "--threads", "1");
        Assert.AreEqual(0, report.ExitCode, report.Error);
        XElement page = XDocument.Parse(File.ReadAllText(report.Output.Trim())).Root!;
        string[] titles = [.. page.Descendants("h2").Select(heading => heading.Value)];
        CollectionAssert.IsSubsetOf((string[])["Dice", "Classes", "Cases", "Pictures"], titles);
        CollectionAssert.DoesNotContain(titles, "Predictions");
        CollectionAssert.AreEqual(
            (string[])["one", "two"],
            Section(page, "Dice").Descendants("span").Select(name => name.Value).ToArray(),
            "neither the background nor a class that no case has");
        Assert.IsTrue(page.Descendants().Attributes("href").All(
            link => link.Value.StartsWith("data:image/png;base64,", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void TheNumbersAreTheMeasures()
    {
        SegmentationResult result = SegmentationJsonTests.Record(cases: 5, views: 2).Complete(DatasetSplit.Test, 7);
        XElement page = new("main", SegmentationSections.Create(result));
        string[][] classes = Rows(Section(page, "Classes").Descendants("tbody").First());
        for (int k = 0; k < 4; k++)
        {
            Assert.AreEqual(result.Classes[k], classes[k][0]);
            Assert.AreEqual(Text(result.Measures.Dice[k], "0.0000"), classes[k][1]);
            Assert.AreEqual(Text(result.Measures.Hd95[k], "0.00"), classes[k][3]);
        }
        string[] region = Rows(Section(page, "Classes").Descendants("tbody").ElementAt(1)).Single();
        CollectionAssert.AreEqual(
            (string[])["both", Text(result.Measures.RegionDice[0].Dice, "0.0000"), "one, two"], region);
        long[] counts = [.. Section(page, "Classes").Descendants("small").Select(
            cell => long.Parse(cell.Value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture))];
        CollectionAssert.AreEqual(result.Measures.Confusion.SelectMany(row => row).ToArray(), counts);
        string[][] cases = Rows(Section(page, "Cases").Descendants("tbody").Single());
        CollectionAssert.AreEqual(
            result.Measures.Cases.OrderBy(one => one.ForegroundDice).Select(one => one.Name).ToArray(),
            cases.Select(row => row[0]).ToArray());
        Assert.AreEqual("–", cases[0][^3], "a class in neither map");
        Assert.HasCount(4 * 3, Section(page, "Pictures").Descendants("svg").ToArray());
        Assert.HasCount(4 * 3, Section(page, "Pictures").Descendants("image").ToArray());
    }

    /// <summary>
    /// Two pixels of class 1 side by side in a row of four, and one that is ignored at the end.
    /// </summary>
    [TestMethod]
    public void OutlinesRunBetweenDifferentLabels()
    {
        ushort[] labels = [0, 0, 0, 0, 1, 1, 0, VoxelLabels.Ignored, 0, 0, 0, 0];
        Assert.AreEqual("M0 1h2M0 2h2M2 1v1", PlanePicture.Outline(labels, width: 4));
        Assert.AreEqual("", PlanePicture.Outline(new ushort[12], width: 4));
    }

    [TestMethod]
    public void NamesOfCasesAndClassesAreTexts()
    {
        SegmentationResult result = SegmentationJsonTests.Record(cases: 2, views: 1).Complete(DatasetSplit.Test, 7);
        result = result with { Classes = ["a", "<script>", "b", "c"] };
        string text = new XElement("main", SegmentationSections.Create(result)).ToString();
        Assert.DoesNotContain("<script", text);
        Assert.Contains("&lt;script&gt;", text);
    }

    private static string[][] Rows(XElement body) =>
        [.. body.Elements().Select(row => row.Elements().Select(cell => cell.Value).ToArray())];

    private static XElement Section(XElement page, string title) =>
        page.Descendants("section").Single(section => section.Element("h2")!.Value == title);

    private static string Text(double value, string format) =>
        double.IsFinite(value) ? value.ToString(format, CultureInfo.InvariantCulture) : "–";
}
