using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using RevUp.Formats;
using RevUp.Tensors;

namespace RevUp.Recipes;

/// <summary>
/// Compares JSON with the types it is read into. An error names the path of the setting (in a
/// recipe as --set takes it), its value, and the possible values.
/// </summary>
internal static class SettingsSchema
{
    private const int MaximumValueLength = 60;

    // Converters that a property names do not apply to their types elsewhere.
    private static readonly JsonSerializerOptions s_words = new()
    {
        TypeInfoResolver = RecipeJson.Default,
        Converters = { new ToleranceConverter(), new ByteCountConverter(), new SlabConverter() },
    };

    /// <summary>
    /// Returns when <paramref name="root"/> can be read as <paramref name="type"/>, which messages
    /// call <paramref name="name"/>.
    /// </summary>
    /// <exception cref="ConfigurationException">
    /// A member is unknown, or its value of another type.
    /// </exception>
    public static void Check(JsonObject root, JsonTypeInfo type, string name) => CheckMembers(root, type, name, "");

    private static void CheckMembers(JsonObject members, JsonTypeInfo type, string owner, string prefix)
    {
        foreach ((string name, JsonNode? value) in members)
        {
            JsonPropertyInfo property = type.Properties.FirstOrDefault(candidate => candidate.Name == name)
                ?? throw new ConfigurationException($"{prefix}{name} is unknown; {owner} has {Names(type)}.");
            if (value is not null)
            {
                CheckValue(value, type.Options.GetTypeInfo(property.PropertyType), property, prefix + name);
            }
            else if (!property.IsSetNullable)
            {
                throw Refused(value, type.Options.GetTypeInfo(property.PropertyType), property, prefix + name);
            }
        }
    }

    private static void CheckValue(JsonNode? value, JsonTypeInfo type, JsonPropertyInfo property, string path)
    {
        switch (type.Kind)
        {
            case JsonTypeInfoKind.Object when value is JsonObject members:
                CheckMembers(members, type, path, path + ".");
                break;
            case JsonTypeInfoKind.Enumerable when value is JsonArray elements:
                JsonTypeInfo elementType = type.Options.GetTypeInfo(type.ElementType!);
                for (int i = 0; i < elements.Count; i++)
                {
                    CheckValue(
                        elements[i], elementType, property, string.Create(CultureInfo.InvariantCulture, $"{path}.{i}"));
                }
                break;
            case JsonTypeInfoKind.Dictionary when value is JsonObject entries:
                JsonTypeInfo entryType = type.Options.GetTypeInfo(type.ElementType!);
                foreach ((string name, JsonNode? entry) in entries)
                {
                    CheckValue(entry, entryType, property, $"{path}.{name}");
                }
                break;
            case JsonTypeInfoKind.None when Reads(value, type, property):
                break;
            default:
                throw Refused(value, type, property, path);
        }
    }

    private static bool Reads(JsonNode? value, JsonTypeInfo type, JsonPropertyInfo property)
    {
        try
        {
            JsonSerializerOptions options = property.CustomConverter is ISettingConverter ? s_words : type.Options;
            return value.Deserialize(options.GetTypeInfo(type.Type)) is not null;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static ConfigurationException Refused(
        JsonNode? value, JsonTypeInfo type, JsonPropertyInfo property, string path)
    {
        string text = value?.ToJsonString() ?? "null";
        string shown = text.Length <= MaximumValueLength ? text : text[..MaximumValueLength] + "…";
        return new ConfigurationException($"{path} is {shown}; use {Allowed(type, property)}.");
    }

    private static string Allowed(JsonTypeInfo type, JsonPropertyInfo property)
    {
        Type value = Nullable.GetUnderlyingType(type.Type) ?? type.Type;
        return type.Kind switch
        {
            JsonTypeInfoKind.Object => $"an object with {Names(type)}",
            JsonTypeInfoKind.Enumerable =>
                $"a list in brackets, each entry {Allowed(type.Options.GetTypeInfo(type.ElementType!), property)}",
            JsonTypeInfoKind.Dictionary =>
                $"an object, each entry {Allowed(type.Options.GetTypeInfo(type.ElementType!), property)}",
            _ when property.CustomConverter is ISettingConverter converter => converter.Allowed,
            _ when value.IsEnum => "one of " + string.Join(
                ", ",
                Enum.GetValuesAsUnderlyingType(value).Cast<object>().Select(each => JsonSerializer.Serialize(
                    Enum.ToObject(value, each), type.Options.GetTypeInfo(value)))),
            _ when value == typeof(bool) => "true or false",
            _ when value == typeof(string) => "a text in quotes",
            _ when value == typeof(int) => WholeNumber(int.MinValue, int.MaxValue),
            _ when value == typeof(long) => WholeNumber(long.MinValue, long.MaxValue),
            _ when value == typeof(ulong) => WholeNumber(ulong.MinValue, ulong.MaxValue),
            _ => "a number",
        };
    }

    private static string WholeNumber<T>(T least, T most) where T : IFormattable =>
        string.Create(CultureInfo.InvariantCulture, $"a whole number from {least} to {most}");

    private static string Names(JsonTypeInfo type) =>
        string.Join(", ", type.Properties.Select(property => property.Name));
}
