using System.IO.Compression;
using System.Xml.Linq;
using RevUp.Cli.Reporting;

namespace RevUp.Tests.Cli;

/// <summary>
/// The page of a run: well-formed, complete in itself, and with the numbers of the run.
/// </summary>
[TestClass]
public sealed class HtmlReportTests : FolderTest
{
    [TestMethod]
    public void ThePageIsCompleteInItself()
    {
        XElement page = Report(Folder);
        foreach (XElement element in page.Descendants())
        {
            Assert.IsTrue(
                element.Name.LocalName is not ("script" or "link" or "iframe"), $"<{element.Name}> in the page");
            foreach (XAttribute attribute in
                element.Attributes().Where(attribute => attribute.Name.LocalName is "src" or "href"))
            {
                Assert.StartsWith("data:image/png;base64,", attribute.Value);
            }
        }
        string style = page.Descendants("style").Single().Value;
        Assert.IsFalse(
            style.Contains("url(", StringComparison.Ordinal) || style.Contains("@import", StringComparison.Ordinal));
        // A browser reads the style sheet as it stands: an escaped character in it would change its
        // meaning.
        Assert.AreEqual(-1, style.AsSpan().IndexOfAny('<', '>', '&'));
        Assert.AreEqual(2 * 12, page.Descendants("img").Count());
        CollectionAssert.AreEqual(
            new[]
            {
                "Training",
                "Epochs",
                "Classes",
                "Inversion",
                "Memory",
                "Predictions",
                "Time and machine",
                "Recipe",
            },
            page.Descendants("h2").Select(heading => heading.Value).ToArray());
    }

    [TestMethod]
    public void TheNumbersAreThoseOfTheMetrics()
    {
        XElement page = Report(Folder);
        JsonElement[] lines =
            [.. File.ReadLines(Folder["run/metrics.jsonl"]).Select(line => JsonDocument.Parse(line).RootElement)];
        XElement table = Section(page, "Epochs").Descendants("tbody").Single();
        string[][] rows = [.. table.Elements().Select(row => row.Elements().Select(cell => cell.Value).ToArray())];
        Assert.HasCount(2, rows);
        for (int epoch = 0; epoch < rows.Length; epoch++)
        {
            JsonElement[] own = [.. lines.Where(line => line.GetProperty("epoch").GetInt32() == epoch)];
            JsonElement[] steps = [.. own.Where(line => line.GetProperty("type").ValueEquals("step"))];
            JsonElement test = own.Single(line => line.GetProperty("type").ValueEquals("evaluation"));
            double Mean(string name) => steps.Average(step => step.GetProperty(name).GetDouble());
            double[] k = [.. steps.SelectMany(
                step => step.GetProperty("evaluations").EnumerateArray()).Select(value => value.GetDouble())];
            string[] expected =
            [
                $"{epoch + 1}", "6", Text(Mean("loss"), "0.0000"), Text(100 * Mean("top1"), "0.00"),
                Text(test.GetProperty("loss").GetDouble(), "0.0000"),
                Text(100 * test.GetProperty("top1").GetDouble(), "0.00"),
                Text(100 * test.GetProperty("balancedAccuracy").GetDouble(), "0.00"),
                Text(test.GetProperty("auc").GetDouble(), "0.0000"),
                Text(Mean("milliseconds"), "#,0.0"), Text(k.Average(), "0.00"), Text(k.Max(), "0"),
                Text(steps.Max(step => step.GetProperty("worstResidual").GetDouble()), "0.0e-0"), "0",
            ];
            CollectionAssert.AreEqual(expected, rows[epoch]);
        }
        JsonElement last = lines.Last(line => line.GetProperty("type").ValueEquals("evaluation"));
        Assert.Contains(
            $"test after step 12: {Text(100 * last.GetProperty("top1").GetDouble(), "0.00")}",
            page.Descendants("title").Select(t => t.Value));
        JsonElement peaks =
            Tool.ReadJson(Folder["run/run.json"]).GetProperty("peakBytes");
        foreach (XElement row in Section(page, "Memory").Descendants("tbody").Single().Elements().SkipLast(1))
        {
            string[] cells = [.. row.Elements().Select(cell => cell.Value)];
            Assert.AreEqual(Text(peaks.GetProperty(cells[0]).GetInt64() / 1048576.0, "#,0.0"), cells[1], cells[0]);
        }
    }

    [TestMethod]
    public void TheConfusionMatrixCountsEverySampleOnceAndAgreesWithTheEvaluation()
    {
        XElement page = Report(Folder);
        XElement[] rows = [.. Section(page, "Classes").Descendants("tbody").Single().Elements()];
        int[][] counts = [.. rows.Select(row => row.Descendants("small").Select(
            cell => int.Parse(cell.Value, CultureInfo.InvariantCulture)).ToArray())];
        Assert.AreEqual(256, counts.Sum(row => row.Sum()));
        string[] last = [.. Section(page, "Epochs").Descendants("tr").Last().Elements().Select(cell => cell.Value)];
        Assert.AreEqual(last[5], Text(100 * counts.Select((row, i) => row[i]).Sum() / 256.0, "0.00"));
        double[] recall = [.. counts.Select((row, i) => 100.0 * row[i] / row.Sum())];
        CollectionAssert.AreEqual(
            recall.Select(value => Text(value, "0.00")).ToArray(),
            rows.Select(row => row.Elements().ElementAt(1).Value).ToArray());
        Assert.AreEqual(last[6], Text(recall.Average(), "0.00"));
        string[] tiles = [.. page.Descendants("dt").Select(tile => tile.Value)];
        CollectionAssert.IsSubsetOf((string[])["test balanced accuracy", "test AUC"], tiles);
    }

    /// <summary>33 classes have no matrix on the page, and 1,001 no confusions at all.</summary>
    [TestMethod]
    [DataRow(3, "class 2", "50.00")]
    [DataRow(33, "class 32", "class 0")]
    [DataRow(100, "class 99", "class 0")]
    [DataRow(1001, "class 1000", "2")]
    public void ManyClassesAreShownByTheWorst(int classes, string worst, string cell)
    {
        int[] samples = [.. Enumerable.Repeat(2, classes)], correct = [.. samples.SkipLast(1), 1];
        int[] confusion = classes > 1000 ? [] : new int[classes * classes];
        for (int k = 0; k < classes && confusion.Length > 0; k++)
        {
            confusion[k * (classes + 1)] = correct[k];
            confusion[k * classes] += samples[k] - correct[k];
        }
        EvaluationResult result = new(0.5, 1, samples.Sum())
        {
            Classes = new ClassMeasures(samples, correct, confusion, auc: 0.5),
        };
        XElement section = ClassSection.Create(result, null);
        XElement row = section.Descendants("tbody").Single().Elements()
            .Single(row => row.Elements().First().Value == worst && row.Elements().ElementAt(1).Value == "50.00");
        Assert.Contains(cell, row.Elements().Select(element => element.Value));
        Assert.IsEmpty(ClassSection.Create(default(EvaluationResult), null).Descendants("table"));
    }

    [TestMethod]
    public void ASampleIsShownAsItsBytes()
    {
        byte[] pixels = [.. Enumerable.Range(0, 4 * 3 * 3).Select(i => (byte)(i * 7))];
        ChannelNormalization normalization = new([0.5, 0.25, 0.125], [0.2, 0.3, 0.4]);
        float[] normalized = [.. pixels.Select(
            (value, i) => (float)(((value / 255.0) - normalization.Mean[i % 3]) / normalization.Deviation[i % 3]))];
        string uri = TestPredictions.DataUri(
            new Prediction(normalized, 0, 0, 1, 1), new Shape(1, 4, 3, 3), normalization);
        byte[] png = Convert.FromBase64String(uri["data:image/png;base64,".Length..]);
        // Signature, IHDR (25 bytes), then IDAT: length, type, zlib data.
        int length = (png[33] << 24) | (png[34] << 16) | (png[35] << 8) | png[36];
        using ZLibStream zlib = new(new MemoryStream(png, 41, length), CompressionMode.Decompress);
        using MemoryStream rows = new();
        zlib.CopyTo(rows);
        byte[] expected = [.. pixels.Chunk(9).SelectMany(row => row.Prepend((byte)0))];
        CollectionAssert.AreEqual(expected, rows.ToArray());
    }

    [TestMethod]
    public void NamesOfClassesAreTexts()
    {
        const string name = "<b>&\"'</b><script>";
        using SyntheticDataset data = SyntheticDataset.Create(8, new Shape(1, 4, 4, 1), 2, seed: 1, DatasetSplit.Test);
        using MemoryDataset named = new(data.Pixels(0).ToArray(), new byte[1], data.Sample, [name, "b"]);
        using CpuBackend backend = TestRuns.Backend();
        using RevUp.Models.RevUpNet net = new(
            backend, SmallRecipe.Create().Model with { Stages = [new() { Channels = 4 }] }, named.Sample, 2, seed: 1);
        ChannelNormalization normalization = new([0], [1]);
        BatchLoaderOptions batches = new() { BatchSize = 1 };
        TestPredictions predictions = TestPredictions.Collect(net, named, normalization, batches);
        EvaluationResult result = Evaluator.Evaluate(net, named, normalization, batches);
        XElement page = new(
            "body",
            PredictionSections.Create(predictions, named, normalization, step: 1),
            ClassSection.Create(result, named.Classes));
        string text = page.ToString(SaveOptions.DisableFormatting);
        Assert.DoesNotContain("<b>", text);
        Assert.DoesNotContain("<script", text);
        Assert.Contains(name, XElement.Parse(text).Descendants("th").Select(cell => cell.Value));
    }

    [TestMethod]
    public void WithoutCheckpointOrDataThePageSaysSo()
    {
        string run = Tool.TrainTiny(Folder);
        Directory.Delete(Path.Combine(run, "checkpoints"), recursive: true);
        // as a killed process leaves it
        File.AppendAllText(Path.Combine(run, "metrics.jsonl"), "{\"type\":\"step\",\"st");
        ToolResult result = Tool.Succeed("report", run, "--threads", "1");
        XElement page = Parse(result.Output.Trim());
        Assert.Contains("There are none on this page: ", Section(page, "Predictions").Value);
        Assert.IsEmpty(page.Descendants("img"));
        Assert.IsNotEmpty(Section(page, "Classes").Descendants("td"), "the run's own files have them");
    }

    [TestMethod]
    public void WhatIsNoRunIsRefused()
    {
        ToolResult result = Tool.Run("report", Folder.Path);
        Assert.AreEqual(1, result.ExitCode);
        Assert.Contains("holds no run", result.LastError);
    }

    private static XElement Report(TemporaryFolder folder)
    {
        TestRuns.Finish(SmallRecipe.Create(), folder["run"]);
        using CpuBackend backend = TestRuns.Backend();
        return Parse(HtmlReport.Write(backend, folder["run"]));
    }

    private static XElement Parse(string path) => XDocument.Parse(File.ReadAllText(path)).Root!;

    private static XElement Section(XElement page, string title) =>
        page.Descendants("section").Single(section => section.Element("h2")!.Value == title);

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
