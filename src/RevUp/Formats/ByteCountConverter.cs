namespace RevUp.Formats;

/// <summary>Reads bytes: a whole number, or a text that <see cref="ByteCount"/> reads.</summary>
internal sealed class ByteCountConverter : JsonConverter<long>, ISettingConverter
{
    public string Allowed => ByteCount.Allowed;

    public override long Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out long bytes))
        {
            return bytes;
        }
        return reader.TokenType == JsonTokenType.String && ByteCount.TryParse(reader.GetString()!, out bytes)
            ? bytes
            : throw new JsonException();
    }

    public override void Write(Utf8JsonWriter writer, long value, JsonSerializerOptions options) =>
        writer.WriteNumberValue(value);
}
