using System.Text.Json;
using System.Text.Json.Serialization;
using RevUp.Formats;
using RevUp.Reversible;

namespace RevUp.Recipes;

/// <summary>
/// Reads the planes of a slab: a number, "auto" for 0, or "off" for
/// <see cref="MemoryPlan.NoSlabs"/>.
/// </summary>
internal sealed class SlabConverter : JsonConverter<int>, ISettingConverter
{
    private const int Automatic = 0;

    public string Allowed => "a number of planes, \"auto\" or \"off\"";

    public override int Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType switch
        {
            JsonTokenType.Number => reader.TryGetInt32(out int planes) && planes > 0
                ? planes
                : throw new JsonException(),
            JsonTokenType.String when reader.ValueTextEquals("auto") => Automatic,
            JsonTokenType.String when reader.ValueTextEquals("off") => MemoryPlan.NoSlabs,
            _ => throw new JsonException(),
        };

    public override void Write(Utf8JsonWriter writer, int value, JsonSerializerOptions options)
    {
        if (value > 0)
        {
            writer.WriteNumberValue(value);
        }
        else
        {
            writer.WriteStringValue(value == Automatic ? "auto" : "off");
        }
    }
}
