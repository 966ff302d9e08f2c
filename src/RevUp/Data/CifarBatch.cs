namespace RevUp.Data;

/// <summary>
/// One file of CIFAR, of the binary or of the python version: the content decides, never the name.
/// </summary>
/// <param name="Labels">A byte an image.</param>
/// <param name="Planes">3 × 32 × 32 planar bytes an image.</param>
internal sealed record CifarBatch(byte[] Labels, ReadOnlyMemory<byte> Planes)
{
    public const int ImageBytes = 3 * 32 * 32;

    /// <summary>Reads a file.</summary>
    /// <param name="path">Of the binary version; without .bin it is looked for, too.</param>
    /// <param name="labelBytes">Label bytes before an image, of which the last counts.</param>
    /// <param name="labelsKey">The labels in the python version.</param>
    /// <param name="classes">Labels are below it.</param>
    /// <exception cref="DataFileException">It is missing or damaged.</exception>
    public static CifarBatch Read(string path, int labelBytes, string labelsKey, int classes)
    {
        string found = Find(path);
        byte[] content = CifarFiles.Read(found);
        bool isPickle = Pickle.IsPickle(content);
        CifarBatch batch = isPickle ? FromPickle(found, content, labelsKey) : FromRecords(found, content, labelBytes);
        int outside = batch.Labels.AsSpan().IndexOfAnyExceptInRange((byte)0, (byte)(classes - 1));
        if (outside >= 0)
        {
            string problem = $"is {batch.Labels[outside]}, expected 0 to {classes - 1}; fetch the file again. "
                + CifarDataset.HowToGet;
            throw isPickle
                ? new DataFileException(found, $"label {outside} {problem}")
                : new DataFileException(
                    found, outside * (long)(labelBytes + ImageBytes) + labelBytes - 1, $"the label {problem}");
        }
        return batch;
    }

    /// <summary>The names of the classes: a line each, or the python version's list.</summary>
    /// <exception cref="DataFileException">They are missing, or there are not as many as
    /// classes.</exception>
    public static string[] ReadNames(string folder, string[] files, string key, int classes)
    {
        string path = files.Select(file => Path.Combine(folder, file)).FirstOrDefault(File.Exists) ?? Path.Combine(
            folder, files[0]);
        byte[] content = CifarFiles.Read(path);
        string[] names = Pickle.IsPickle(content)
            ? [.. Value<List<object?>>(path, content, key).Select(Text)]
            : [.. Encoding.UTF8.GetString(content).Split('\n').Select(line => line.TrimEnd('\r'))
                .Where(line => line.Length > 0)];
        return names.Length == classes
            ? names
            : throw new DataFileException(
                path, $"it names {names.Length} classes, expected {classes}; fetch it again. {CifarDataset.HowToGet}");
    }

    private static string Text(object? name) =>
        name is ReadOnlyMemory<byte> bytes ? Encoding.UTF8.GetString(bytes.Span) : name?.ToString() ?? "";

    private static string Find(string path)
    {
        const string Extension = ".bin";
        string[] names = [path, path + ".gz", path[..^Extension.Length]];
        return names.FirstOrDefault(File.Exists) ?? path;
    }

    private static CifarBatch FromRecords(string path, byte[] content, int labelBytes)
    {
        int record = labelBytes + ImageBytes, count = content.Length / record;
        DataFileException.Require(
            count > 0 && content.Length % record == 0, path,
            $"it has {content.Length} bytes, expected a multiple of {record}; fetch it again. {CifarDataset.HowToGet}");
        byte[] labels = new byte[count], planes = new byte[count * ImageBytes];
        for (int i = 0; i < count; i++)
        {
            labels[i] = content[i * record + labelBytes - 1];
            content.AsSpan(i * record + labelBytes, ImageBytes).CopyTo(planes.AsSpan(i * ImageBytes));
        }
        return new CifarBatch(labels, planes);
    }

    // {"data": a uint8 array [N, 3072], "labels" or "fine_labels": a list of N numbers}
    private static CifarBatch FromPickle(string path, byte[] content, string labelsKey)
    {
        Pickle.Call array = Value<Pickle.Call>(path, content, "data");
        List<object?> labels = Value<List<object?>>(path, content, labelsKey);
        bool isArray = array is { Name: "numpy.core.multiarray._reconstruct" or "numpy._core.multiarray._reconstruct" };
        if (!isArray
            || array.State is not
                [
                    _,
                    object?[] and [long count, long width],
                    Pickle.Call { Arguments: ["u1", ..] },
                    false,
                    ReadOnlyMemory<byte> planes,
                ]
            || width != ImageBytes || count != labels.Count || count == 0 || planes.Length != count * ImageBytes)
        {
            throw new DataFileException(
                path,
                $"'data' is no array of {labels.Count} × {ImageBytes} bytes, a row for each of '{labelsKey}'; fetch it "
                + "again. "
                + CifarDataset.HowToGet);
        }
        byte[] values = new byte[labels.Count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = labels[i] is long and >= 0 and < 256 and long label
                ? (byte)label
                : throw new DataFileException(
                    path,
                    $"label {i} is '{labels[i]}', expected a whole number; fetch it again. {CifarDataset.HowToGet}");
        }
        return new CifarBatch(values, planes);
    }

    private static T Value<T>(string path, byte[] content, string key) where T : class
    {
        try
        {
            return Pickle.Read(content) is Dictionary<string, object?> values
                && values.GetValueOrDefault(key) is T value
                ? value
                : throw new DataFileException(
                    path, $"the pickle has no '{key}' of the sort expected; fetch it again. {CifarDataset.HowToGet}");
        }
        catch (FormatException exception)
        {
            throw new DataFileException(
                path, $"{exception.Message}; fetch it again. {CifarDataset.HowToGet}", exception);
        }
    }
}
