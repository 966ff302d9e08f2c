using RevUp.Formats;
using RevUp.Reversible;

namespace RevUp.Recipes;

/// <summary>
/// Reads an inversion tolerance: a number, or "exact" for <see cref="InversionSettings.Exact"/>.
/// </summary>
internal sealed class ToleranceConverter : JsonConverter<double>, ISettingConverter
{
    public string Allowed => "a number or \"exact\"";

    public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.Number)
        {
            return reader.GetDouble();
        }
        return reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("exact")
            ? InversionSettings.Exact
            : throw new JsonException();
    }

    public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options) =>
        writer.WriteNumberValue(value);
}
