using System.Globalization;
using System.Text;
using System.Text.Json;

namespace RevUp.Training;

/// <summary>
/// A run's report in markdown, made from its metrics: for each epoch loss, top-1 and time, and for each block the mean number of branch evaluations k.
/// </summary>
internal static class RunReport
{
    public const string FileName = "report.md";

    public static void Write(string folder, Recipe recipe, IReadOnlyList<string> blockNames)
    {
        SortedDictionary<int, Epoch> epochs = Read(Path.Combine(folder, MetricsLog.FileName), blockNames.Count);
        StringBuilder text = new();
        CultureInfo culture = CultureInfo.InvariantCulture;
        text.AppendLine(culture, $"# {recipe.Name}\n\n{recipe.Description}\n");
        text.Append("| epoch | steps | training loss | training top-1 % | test loss | test top-1 % ");
        text.AppendLine("| ms a step | mean k | worst k | worst residual | replays |");
        text.AppendLine("|---|---|---|---|---|---|---|---|---|---|---|");
        foreach ((int number, Epoch epoch) in epochs)
        {
            string test = epoch.Test is { } result ? string.Create(culture, $"{result.Loss:F4} | {100 * result.Top1:F2}") : "– | –";
            text.Append(culture, $"| {number + 1} | {epoch.Steps} | {epoch.Loss / epoch.Steps:F4} | {100 * epoch.Top1 / epoch.Steps:F2} | {test} ");
            text.Append(culture, $"| {epoch.Milliseconds / epoch.Steps:F1} | {epoch.MeanEvaluations:F2} | {epoch.WorstEvaluations} ");
            text.AppendLine(culture, $"| {epoch.WorstResidual:0.0e-0} | {epoch.Replays} |");
        }
        if (blockNames.Count > 0)
        {
            AppendEvaluations(text, epochs, blockNames);
        }
        File.WriteAllText(Path.Combine(folder, FileName), text.ToString());
    }

    private static void AppendEvaluations(StringBuilder text, SortedDictionary<int, Epoch> epochs, IReadOnlyList<string> blockNames)
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        text.AppendLine("\n## Mean branch evaluations k of each block\n");
        text.AppendLine(culture, $"| block | {string.Join(" | ", epochs.Keys.Select(e => $"epoch {e + 1}"))} |");
        text.AppendLine(culture, $"|---|{string.Concat(epochs.Keys.Select(_ => "---|"))}");
        for (int block = 0; block < blockNames.Count; block++)
        {
            text.Append(culture, $"| {blockNames[block]} |");
            foreach (Epoch epoch in epochs.Values)
            {
                text.Append(culture, $" {(double)epoch.Evaluations[block] / epoch.Steps:F2} |");
            }
            text.AppendLine();
        }
    }

    private static SortedDictionary<int, Epoch> Read(string path, int blocks)
    {
        SortedDictionary<int, Epoch> epochs = [];
        foreach (string line in File.ReadLines(path))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement root = document.RootElement;
            int number = root.GetProperty("epoch").GetInt32();
            if (!epochs.TryGetValue(number, out Epoch? epoch))
            {
                epochs.Add(number, epoch = new Epoch(blocks));
            }
            if (root.GetProperty("type").ValueEquals("step"))
            {
                epoch.Add(root);
            }
            else
            {
                epoch.Test = (MetricsLog.Number(root, "loss"), MetricsLog.Number(root, "top1"));
            }
        }
        return epochs;
    }

    /// <summary>Sums over the steps of one epoch.</summary>
    private sealed class Epoch(int blocks)
    {
        public int Steps { get; private set; }

        public double Loss { get; private set; }

        public double Top1 { get; private set; }

        public double Milliseconds { get; private set; }

        public long[] Evaluations { get; } = new long[blocks];

        public int WorstEvaluations { get; private set; }

        public double WorstResidual { get; private set; }

        public int Replays { get; private set; }

        public (double Loss, double Top1)? Test { get; set; }

        public double MeanEvaluations => Steps == 0 || blocks == 0 ? 0 : (double)Evaluations.Sum() / Steps / blocks;

        public void Add(JsonElement step)
        {
            Steps++;
            Loss += step.GetProperty("loss").GetDouble();
            Top1 += step.GetProperty("top1").GetDouble();
            Milliseconds += step.GetProperty("milliseconds").GetDouble();
            WorstResidual = Math.Max(WorstResidual, step.GetProperty("worstResidual").GetDouble());
            Replays += step.GetProperty("replays").GetInt32();
            int block = 0;
            foreach (JsonElement evaluations in step.GetProperty("evaluations").EnumerateArray())
            {
                int count = evaluations.GetInt32();
                Evaluations[block++] += count;
                WorstEvaluations = Math.Max(WorstEvaluations, count);
            }
        }
    }
}
