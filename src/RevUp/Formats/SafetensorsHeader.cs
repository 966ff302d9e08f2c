namespace RevUp.Formats;

/// <summary>
/// The JSON header of a safetensors file, in both directions; offsets count bytes from the first
/// byte of the data.
/// </summary>
internal static class SafetensorsHeader
{
    public const string MetadataKey = "__metadata__";

    // The limit of the reference implementation: no larger file would be read elsewhere.
    public const int MaximumLength = 100_000_000;

    /// <summary>
    /// The header's bytes, padded with spaces to a multiple of 8, so that data which follows the 8
    /// bytes of its length stays aligned.
    /// </summary>
    public static byte[] Serialize(
        IReadOnlyList<SafetensorsTensor> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            if (metadata.Count > 0)
            {
                json.WriteStartObject(MetadataKey);
                foreach ((string key, string value) in metadata)
                {
                    json.WriteString(key, value);
                }
                json.WriteEndObject();
            }
            long offset = 0;
            foreach (SafetensorsTensor tensor in tensors)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", tensor.Type.ToString());
                WriteNumbers(json, "shape", tensor.Shape);
                WriteNumbers(json, "data_offsets", [offset, checked(offset += tensor.ByteCount)]);
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        while (buffer.Length % 8 != 0)
        {
            buffer.WriteByte((byte)' ');
        }
        return buffer.ToArray();
    }

    /// <summary>
    /// Tensors with their offsets, in the order of the data, and the metadata. Everything that the
    /// format demands is checked.
    /// </summary>
    /// <exception cref="FormatException">
    /// The header breaks a rule; the message names the tensor.
    /// </exception>
    public static (List<(SafetensorsTensor Tensor, long Offset)> Tensors, Dictionary<string, string> Metadata) Parse(
        ReadOnlyMemory<byte> header, long dataLength)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(header);
            List<(SafetensorsTensor Tensor, long Offset, long End)> tensors = [];
            Dictionary<string, string> metadata = [];
            HashSet<string> names = [];
            foreach (JsonProperty entry in document.RootElement.EnumerateObject())
            {
                Require(names.Add(entry.Name), entry.Name, "appears twice");
                if (entry.Name == MetadataKey)
                {
                    ParseMetadata(entry.Value, metadata);
                }
                else
                {
                    tensors.Add(ParseTensor(entry.Name, entry.Value));
                }
            }
            tensors.Sort((left, right) => (left.Offset, left.End).CompareTo((right.Offset, right.End)));
            long expected = 0;
            foreach ((SafetensorsTensor tensor, long offset, long end) in tensors)
            {
                Require(
                    offset == expected,
                    tensor.Name,
                    $"begins at byte {offset} of the data, expected {expected}, where its predecessor ends");
                Require(
                    end <= dataLength,
                    tensor.Name,
                    $"ends at byte {end} of the data, and the file has only {dataLength}");
                expected = end;
            }
            return expected == dataLength
                ? (tensors.ConvertAll(entry => (entry.Tensor, entry.Offset)), metadata)
                : throw new FormatException(
                    $"the tensors end at byte {expected} of the data, and the file has {dataLength}");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // InvalidOperationException is how System.Text.Json reports a value of another kind,
            // and text that is not Unicode.
            throw new FormatException(
                $"the header is not the JSON that the format demands ({exception.Message})", exception);
        }
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, ReadOnlySpan<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (long number in numbers)
        {
            json.WriteNumberValue(number);
        }
        json.WriteEndArray();
    }

    private static void ParseMetadata(JsonElement value, Dictionary<string, string> metadata)
    {
        foreach (JsonProperty entry in value.EnumerateObject())
        {
            Require(
                entry.Value.ValueKind == JsonValueKind.String, MetadataKey, $"has '{entry.Name}', which is not a text");
            Require(metadata.TryAdd(entry.Name, entry.Value.GetString()!), MetadataKey, $"has '{entry.Name}' twice");
        }
    }

    private static (SafetensorsTensor Tensor, long Offset, long End) ParseTensor(string name, JsonElement value)
    {
        string? type = null;
        long[]? shape = null, offsets = null;
        foreach (JsonProperty field in value.EnumerateObject())
        {
            switch (field.Name)
            {
                case "dtype":
                    type = field.Value.GetString();
                    break;
                case "shape":
                    shape = ParseNumbers(name, field);
                    break;
                case "data_offsets":
                    offsets = ParseNumbers(name, field);
                    break;
                default:
                    throw new FormatException(
                        $"tensor '{name}' has the field '{field.Name}', expected only dtype, shape and data_offsets");
            }
        }
        string[] types = Enum.GetNames<SafetensorsType>();
        Require(types.Contains(type), name, $"has the type '{type}', expected one of {string.Join(", ", types)}");
        Require(shape is not null, name, "has no shape");
        Require(
            offsets is { Length: 2 } && offsets[0] <= offsets[1], name, "needs two data_offsets in ascending order");
        SafetensorsTensor tensor;
        try
        {
            tensor = new SafetensorsTensor(name, Enum.Parse<SafetensorsType>(type!), shape);
        }
        catch (ArgumentException exception)
        {
            throw new FormatException(exception.Message, exception);
        }
        long bytes = offsets![1] - offsets[0];
        Require(
            tensor.ByteCount == bytes,
            name,
            $"has {bytes} bytes, and its shape [{string.Join(", ", shape!)}] of {type} takes {tensor.ByteCount}");
        return (tensor, offsets[0], offsets[1]);
    }

    private static long[] ParseNumbers(string name, JsonProperty field)
    {
        long[] numbers = new long[field.Value.GetArrayLength()];
        for (int i = 0; i < numbers.Length; i++)
        {
            bool valid = field.Value[i].TryGetInt64(out numbers[i]) && numbers[i] >= 0;
            Require(
                valid,
                name,
                $"has {field.Value[i].GetRawText()} in its {field.Name}, expected a whole number of at least 0");
        }
        return numbers;
    }

    private static void Require(bool condition, string name, string problem)
    {
        if (!condition)
        {
            throw new FormatException($"tensor '{name}' {problem}");
        }
    }
}
