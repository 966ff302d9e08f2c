using System.IO.Compression;
using RevUp.Data;
using RevUp.Data.Dense;
using RevUp.Formats;

namespace RevUp.Runs;

/// <summary>
/// An evaluation of label maps as the file segmentation.json in the folder of a run.
/// </summary>
/// <remarks>
/// {"version": 1, "part", "step", "classes": [K], "foregroundDice", "dice": [K], "iou": [K],
/// "hd95": [K], "pooledIou", "regions": [{"name", "labels"}], "regionDice": {"name": Dice},
/// "cases": [{"name", "voxelVolume", "foregroundDice", "dice": [K], "iou": [K], "hd95": [K],
/// "truePositives": [K], "falsePositives": [K], "falseNegatives": [K], "regionDice"}],
/// "confusion": [K][K], "views": [{"case", "foregroundDice", "planes": [{"axis", "index", "width",
/// "height", "aspect", "channels", "pixels", "truth", "predicted"}]}]}. The root's "regionDice" is
/// left out without regions. Lengths are in mm, volumes in mm³. A figure that is not defined is
/// null. The last three of a plane are zlib data in base64: bytes, and little-endian labels of 16
/// bits.
/// </remarks>
internal static class SegmentationJson
{
    public const string FileName = "segmentation.json";

    private const int Version = 1;

    /// <summary>Writes the file, whole or not at all.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Write(string path, SegmentationResult result)
    {
        using WholeFile file = new(path);
        using (Utf8JsonWriter json = new(file.Content))
        {
            SegmentationMeasures measures = result.Measures;
            json.WriteStartObject();
            json.WriteNumber("version", Version);
            json.WriteString("part", result.Part.Text());
            json.WriteNumber("step", result.Step);
            WriteArray(json, "classes", result.Classes, json.WriteStringValue);
            WriteFigures(json, measures.ForegroundDice, measures.Dice, measures.Iou, measures.Hd95);
            EvaluationJson.WriteNumber(json, "pooledIou", measures.PooledIou);
            WriteArray(json, "regions", measures.Regions, region =>
            {
                json.WriteStartObject();
                json.WriteString("name", region.Name);
                WriteArray(json, "labels", region.Labels, json.WriteNumberValue);
                json.WriteEndObject();
            });
            EvaluationJson.WriteRegions(json, measures.RegionDice);
            WriteArray(json, "cases", measures.Cases, one => WriteCase(json, one));
            WriteArray(json, "confusion", measures.Confusion, row =>
                WriteArray(json, null, row, json.WriteNumberValue));
            WriteArray(json, "views", result.Views, view => WriteView(json, view));
            json.WriteEndObject();
        }
        file.Complete();
    }

    /// <summary>Reads the file of a run; null where there is none.</summary>
    /// <param name="folder">Of the run.</param>
    /// <exception cref="CheckpointException">The file is damaged.</exception>
    public static SegmentationResult? Read(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
        {
            return null;
        }
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            JsonElement root = document.RootElement;
            int version = root.GetProperty("version").GetInt32();
            return version == Version ? Read(root) : throw new CheckpointException(
                path, $"it has version {version}, and this version of RevUp reads {Version}; evaluate the run again.");
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or FormatException
            or InvalidOperationException or ArgumentException or IndexOutOfRangeException or InvalidDataException)
        {
            throw new CheckpointException(
                path, $"it is no evaluation of label maps ({exception.Message}); evaluate the run again.", exception);
        }
    }

    private static SegmentationResult Read(JsonElement root)
    {
        string[] classes = [.. root.GetProperty("classes").EnumerateArray().Select(name => name.GetString()!)];
        CaseMeasures[] cases =
            [.. root.GetProperty("cases").EnumerateArray().Select(one => ReadCase(one, classes.Length))];
        ClassRegion[] regions = !root.TryGetProperty("regions", out JsonElement unions) ? [] :
        [
            .. unions.EnumerateArray().Select(region => new ClassRegion(
                region.GetProperty("name").GetString()!,
                [.. region.GetProperty("labels").EnumerateArray().Select(label => label.GetInt32())])),
        ];
        long[] confusion = [.. root.GetProperty("confusion").EnumerateArray().SelectMany(
            row => row.EnumerateArray().Select(count => count.GetInt64()))];
        return new SegmentationResult(
            DatasetSplits.Parse(root.GetProperty("part").GetString()!),
            root.GetProperty("step").GetInt64(),
            classes,
            new SegmentationMeasures(classes.Length, cases, confusion, regions),
            [.. root.GetProperty("views").EnumerateArray().Select(ReadView)]);
    }

    private static CaseMeasures ReadCase(JsonElement one, int classes)
    {
        double volume = EvaluationJson.Number(one, "voxelVolume");
        long[] right = Counts("truePositives"), invented = Counts("falsePositives"), missed = Counts("falseNegatives");
        double[] hd95 = EvaluationJson.Values(one.GetProperty("hd95"));
        return new CaseMeasures(
            one.GetProperty("name").GetString()!,
            [.. Enumerable.Range(0, classes).Select(k => new ClassOverlap(
                right[k], invented[k], missed[k], volume, hd95[k]))],
            one.TryGetProperty("regionDice", out JsonElement dice) ? EvaluationJson.Values(dice) : []);

        long[] Counts(string name) =>
            [.. one.GetProperty(name).EnumerateArray().Select(count => count.GetInt64())];
    }

    private static CaseView ReadView(JsonElement view) => new(
        view.GetProperty("case").GetString()!,
        EvaluationJson.Number(view, "foregroundDice"),
        [.. view.GetProperty("planes").EnumerateArray().Select(plane => new PlaneView(
            plane.GetProperty("axis").GetInt32(),
            plane.GetProperty("index").GetInt32(),
            plane.GetProperty("width").GetInt32(),
            plane.GetProperty("height").GetInt32(),
            plane.GetProperty("aspect").GetDouble(),
            plane.GetProperty("channels").GetInt32(),
            Inflate(plane, "pixels"),
            MemoryMarshal.Cast<byte, ushort>(Inflate(plane, "truth")).ToArray(),
            MemoryMarshal.Cast<byte, ushort>(Inflate(plane, "predicted")).ToArray()))]);

    private static void WriteFigures(
        Utf8JsonWriter json, double foreground, IReadOnlyList<double> dice, IReadOnlyList<double> iou,
        IReadOnlyList<double> hd95)
    {
        EvaluationJson.WriteNumber(json, "foregroundDice", foreground);
        EvaluationJson.WriteArray(json, "dice", dice);
        EvaluationJson.WriteArray(json, "iou", iou);
        EvaluationJson.WriteArray(json, "hd95", hd95);
    }

    private static void WriteCase(Utf8JsonWriter json, CaseMeasures one)
    {
        json.WriteStartObject();
        json.WriteString("name", one.Name);
        EvaluationJson.WriteNumber(json, "voxelVolume", one.Classes[0].VoxelVolume);
        WriteFigures(
            json,
            one.ForegroundDice,
            [.. one.Classes.Select(overlap => overlap.Dice)],
            [.. one.Classes.Select(overlap => overlap.Iou)],
            [.. one.Classes.Select(overlap => overlap.Hd95)]);
        WriteArray(json, "truePositives", one.Classes, overlap => json.WriteNumberValue(overlap.TruePositives));
        WriteArray(json, "falsePositives", one.Classes, overlap => json.WriteNumberValue(overlap.FalsePositives));
        WriteArray(json, "falseNegatives", one.Classes, overlap => json.WriteNumberValue(overlap.FalseNegatives));
        EvaluationJson.WriteArray(json, "regionDice", one.RegionDice);
        json.WriteEndObject();
    }

    private static void WriteView(Utf8JsonWriter json, CaseView view)
    {
        json.WriteStartObject();
        json.WriteString("case", view.Case);
        EvaluationJson.WriteNumber(json, "foregroundDice", view.ForegroundDice);
        WriteArray(json, "planes", view.Planes, plane =>
        {
            json.WriteStartObject();
            json.WriteNumber("axis", plane.Axis);
            json.WriteNumber("index", plane.Index);
            json.WriteNumber("width", plane.Width);
            json.WriteNumber("height", plane.Height);
            json.WriteNumber("aspect", plane.Aspect);
            json.WriteNumber("channels", plane.Channels);
            json.WriteBase64String("pixels", Deflate(plane.Pixels));
            json.WriteBase64String("truth", Deflate(MemoryMarshal.AsBytes(plane.Truth.AsSpan())));
            json.WriteBase64String("predicted", Deflate(MemoryMarshal.AsBytes(plane.Predicted.AsSpan())));
            json.WriteEndObject();
        });
        json.WriteEndObject();
    }

    private static void WriteArray<T>(Utf8JsonWriter json, string? name, IEnumerable<T> values, Action<T> write)
    {
        if (name is not null)
        {
            json.WritePropertyName(name);
        }
        json.WriteStartArray();
        foreach (T value in values)
        {
            write(value);
        }
        json.WriteEndArray();
    }

    private static byte[] Deflate(ReadOnlySpan<byte> bytes)
    {
        using MemoryStream data = new();
        using (ZLibStream zlib = new(data, CompressionLevel.Optimal, leaveOpen: true))
        {
            zlib.Write(bytes);
        }
        return data.ToArray();
    }

    private static byte[] Inflate(JsonElement plane, string name)
    {
        byte[] data = plane.GetProperty(name).GetBytesFromBase64();
        using ZLibStream zlib = new(new MemoryStream(data), CompressionMode.Decompress);
        using MemoryStream bytes = new();
        zlib.CopyTo(bytes);
        return bytes.ToArray();
    }
}
