using RevUp.Data;

namespace RevUp.Runs;

/// <summary>An evaluation in a line of metrics.jsonl.</summary>
/// <remarks>
/// {"part": "test", "loss", "top1", "samples", "leftOut", "balancedAccuracy", "auc", "recall": [K],
/// "classSamples": [K], "confusion": [K][K]}. Above 100 classes "confusions" takes the place of the
/// matrix: [class, taken for, samples] of the 32 most frequent. A segmentation has "dice": [K],
/// "foregroundDice" and "pooledIou" instead of the class measures, and {"region": Dice} as
/// "regionDice" where it has regions. Several labels have "f1", "meanAveragePrecision",
/// "averagePrecision": [K] and "classSamples": [K]; a regression has "meanAbsoluteError", "r2",
/// "absoluteErrors": [K] and "determination": [K], and no "top1". JSON has no NaN: a number that is
/// none is null. An earlier version wrote loss, top1, samples and leftOut, of the test set.
/// </remarks>
internal static class EvaluationJson
{
    private const int MaximumConfusion = 100;

    public static void Write(Utf8JsonWriter json, EvaluationResult result)
    {
        json.WriteString("part", result.Part.Text());
        WriteNumber(json, "loss", result.Loss);
        if (result.Errors is null)
        {
            WriteNumber(json, "top1", result.Top1);
        }
        json.WriteNumber("samples", result.Samples);
        json.WriteNumber("leftOut", result.LeftOut);
        if (result.Segmentation is { } segmentation)
        {
            WriteArray(json, "dice", segmentation.Dice);
            WriteNumber(json, "foregroundDice", segmentation.ForegroundDice);
            WriteNumber(json, "pooledIou", segmentation.PooledIou);
            WriteRegions(json, segmentation.Regions);
        }
        if (result.Labels is { } labels)
        {
            WriteNumber(json, "f1", labels.F1);
            WriteNumber(json, "meanAveragePrecision", labels.MeanAveragePrecision);
            WriteArray(json, "averagePrecision", labels.AveragePrecision);
            WriteNumbers(json, "classSamples", labels.Samples);
        }
        if (result.Errors is { } errors)
        {
            WriteNumber(json, "meanAbsoluteError", errors.MeanAbsolute);
            WriteNumber(json, "r2", errors.R2);
            WriteArray(json, "absoluteErrors", errors.Absolute);
            WriteArray(json, "determination", errors.Determination);
        }
        if (result.Classes is not { } classes)
        {
            return;
        }
        WriteNumber(json, "balancedAccuracy", classes.BalancedAccuracy);
        WriteNumber(json, "auc", classes.Auc);
        WriteArray(json, "recall", classes.Recall);
        WriteNumbers(json, "classSamples", classes.Samples);
        if (classes.HasConfusion && classes.Samples.Count <= MaximumConfusion)
        {
            json.WriteStartArray("confusion");
            foreach (IReadOnlyList<int> row in classes.ConfusionRows())
            {
                WriteNumbers(json, null, row);
            }
            json.WriteEndArray();
        }
        else if (classes.Frequent.Count > 0)
        {
            json.WriteStartArray("confusions");
            foreach (ClassConfusion pair in classes.Frequent)
            {
                WriteNumbers(json, null, [pair.Actual, pair.Predicted, pair.Samples]);
            }
            json.WriteEndArray();
        }
    }

    public static EvaluationResult Read(JsonElement line)
    {
        int leftOut = line.TryGetProperty("leftOut", out JsonElement left) ? left.GetInt32() : 0;
        int samples = line.GetProperty("samples").GetInt32();
        bool hasCounts = line.TryGetProperty("classSamples", out JsonElement counts);
        LabelMeasures? labels = hasCounts && line.TryGetProperty("averagePrecision", out JsonElement precision)
            ? new LabelMeasures(Integers(counts), Number(line, "f1"), Values(precision))
            : null;
        return new EvaluationResult(Number(line, "top1"), Number(line, "loss"), samples, leftOut)
        {
            Part = line.TryGetProperty("part", out JsonElement part)
                ? DatasetSplits.Parse(part.GetString()!)
                : DatasetSplit.Test,
            Labels = labels,
            Errors = line.TryGetProperty("absoluteErrors", out JsonElement absolute)
                ? new ErrorMeasures(Values(absolute), Values(line.GetProperty("determination")))
                : null,
            Classes = hasCounts && labels is null ? ReadClasses(line, counts) : null,
            Segmentation = line.TryGetProperty("dice", out JsonElement dice)
                ? new SegmentationSummary(Values(dice), Number(line, "pooledIou")) { Regions = Regions(line) }
                : null,
        };
    }

    /// <summary>Writes the Dice of regions; nothing where there are none.</summary>
    public static void WriteRegions(Utf8JsonWriter json, IReadOnlyList<RegionDice> regions)
    {
        if (regions.Count == 0)
        {
            return;
        }
        json.WriteStartObject("regionDice");
        foreach (RegionDice region in regions)
        {
            WriteNumber(json, region.Name, region.Dice);
        }
        json.WriteEndObject();
    }

    /// <summary>A number; NaN where there is none.</summary>
    public static double Number(JsonElement line, string name) =>
        line.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number
            ? value.GetDouble()
            : double.NaN;

    /// <summary>Numbers; NaN for each that is none.</summary>
    public static double[] Values(JsonElement array) => [.. array.EnumerateArray().Select(
        value => value.ValueKind == JsonValueKind.Number ? value.GetDouble() : double.NaN)];

    /// <summary>Numbers; null for each that is none.</summary>
    public static void WriteArray(Utf8JsonWriter json, string name, IReadOnlyList<double> values)
    {
        json.WriteStartArray(name);
        foreach (double value in values)
        {
            WriteValue(json, value);
        }
        json.WriteEndArray();
    }

    private static RegionDice[] Regions(JsonElement line) => line.TryGetProperty("regionDice", out JsonElement regions)
        ? [.. regions.EnumerateObject().Select(one => new RegionDice(one.Name, Number(regions, one.Name)))]
        : [];

    private static ClassMeasures ReadClasses(JsonElement line, JsonElement counts)
    {
        int[] samples = Integers(counts);
        int[] correct =
        [
            .. line.GetProperty("recall").EnumerateArray().Zip(samples, (recall, count) =>
                recall.ValueKind == JsonValueKind.Number ? (int)Math.Round(recall.GetDouble() * count) : 0),
        ];
        int[] confusion = line.TryGetProperty("confusion", out JsonElement rows)
            ? [.. rows.EnumerateArray().SelectMany(Integers)]
            : [];
        ClassConfusion[]? frequent = line.TryGetProperty("confusions", out JsonElement pairs)
            ? [.. pairs.EnumerateArray().Select(Integers).Select(pair => new ClassConfusion(pair[0], pair[1], pair[2]))]
            : null;
        return new ClassMeasures(samples, correct, confusion, Number(line, "auc"), frequent);
    }

    private static int[] Integers(JsonElement array) => [.. array.EnumerateArray().Select(value => value.GetInt32())];

    private static void WriteNumbers(Utf8JsonWriter json, string? name, IReadOnlyList<int> values)
    {
        if (name is not null)
        {
            json.WritePropertyName(name);
        }
        json.WriteStartArray();
        foreach (int value in values)
        {
            json.WriteNumberValue(value);
        }
        json.WriteEndArray();
    }

    /// <summary>A number; null where it is none.</summary>
    public static void WriteNumber(Utf8JsonWriter json, string name, double value)
    {
        json.WritePropertyName(name);
        WriteValue(json, value);
    }

    private static void WriteValue(Utf8JsonWriter json, double value)
    {
        if (double.IsFinite(value))
        {
            json.WriteNumberValue(value);
        }
        else
        {
            json.WriteNullValue();
        }
    }
}
