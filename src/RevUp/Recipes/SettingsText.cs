using System.Text.Json.Nodes;
using RevUp.Tensors;

namespace RevUp.Recipes;

/// <summary>
/// Settings as people write them: one JSON object, with comments and trailing commas, no member
/// twice.
/// </summary>
internal static class SettingsText
{
    private static readonly JsonDocumentOptions s_reading = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        AllowDuplicateProperties = false,
    };

    /// <summary>Parses the text.</summary>
    /// <param name="json">The text.</param>
    /// <param name="kind">Name of its kind, for messages: "recipe".</param>
    /// <param name="origin">Where it comes from, for messages.</param>
    /// <exception cref="ConfigurationException">
    /// It is no such object; names the line or the member.
    /// </exception>
    public static JsonObject Read(string json, string kind, string origin)
    {
        try
        {
            return JsonNode.Parse(json, documentOptions: s_reading) as JsonObject
                ?? throw new ConfigurationException($"The {kind} '{origin}' is not a JSON object.");
        }
        catch (JsonException exception) when (exception.LineNumber is long line)
        {
            string text = json.Split('\n')[(int)line].Trim();
            throw new ConfigurationException(
                $"The {kind} '{origin}' is not JSON in line {line + 1}: {text} -- look for a missing quote, comma or "
                + "brace there, or just before.");
        }
        catch (JsonException)
        {
            // What has no place in the text is not its form.
            throw new ConfigurationException(
                $"The {kind} '{origin}' has the member '{Duplicate(json)}' twice in one object; leave one of them "
                + "out.");
        }
    }

    private static string Duplicate(string json)
    {
        JsonReaderOptions options =
            new() { CommentHandling = s_reading.CommentHandling, AllowTrailingCommas = s_reading.AllowTrailingCommas };
        Utf8JsonReader reader = new(Encoding.UTF8.GetBytes(json), options);
        Stack<HashSet<string>> objects = new();
        string name = "";
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                objects.Push([]);
            }
            else if (reader.TokenType == JsonTokenType.EndObject)
            {
                objects.Pop();
            }
            else if (reader.TokenType == JsonTokenType.PropertyName && !objects.Peek().Add(name = reader.GetString()!))
            {
                break;
            }
        }
        return name;
    }
}
