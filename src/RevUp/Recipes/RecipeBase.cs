using System.Text.Encodings.Web;
using System.Text.Json.Nodes;
using RevUp.Tensors;

namespace RevUp.Recipes;

/// <summary>
/// The base of a recipe: with "base": NAME a recipe starts from another one, and states only its
/// own members. Objects are merged member by member, lists are replaced.
/// </summary>
/// <remarks>
/// One level: a base has no base. A model that names a preset starts from the preset, not from the
/// base's model.
/// </remarks>
internal static class RecipeBase
{
    /// <summary>The member that names the base.</summary>
    public const string Member = "base";

    private const string Example = "name one recipe or its file in quotes, such as \"cifar-revup-110\"";

    private static readonly JsonSerializerOptions s_writing =
        new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The recipe with the members of its base, and without the member "base".</summary>
    /// <param name="root">The recipe as it was written; its members are taken over.</param>
    /// <param name="read">Text of a recipe by its name; null where recipes have no names.</param>
    /// <exception cref="ConfigurationException">
    /// The base is unknown, broken, or has a base.
    /// </exception>
    public static JsonObject Expand(JsonObject root, Func<string, string>? read)
    {
        if (!root.Remove(Member, out JsonNode? value))
        {
            return root;
        }
        string name = Name(value);
        JsonObject merged = SettingsText.Read(Text(name, read), "recipe", name);
        if (merged[Member] is { } next)
        {
            throw new ConfigurationException(
                $"{Member} is '{name}', which has a base itself, {next.ToJsonString()}; name a recipe without a base, "
                + $"and repeat the settings of '{name}' here");
        }
        if (root["model"] is JsonObject model && model.ContainsKey("preset"))
        {
            merged.Remove("model");
        }
        Merge(merged, root);
        return merged;
    }

    /// <summary>
    /// The text of a recipe with its base written out, under its own first comments and one that
    /// names the base; the text itself where there is no base.
    /// </summary>
    /// <param name="json">The text.</param>
    /// <param name="origin">Where it comes from, for messages.</param>
    /// <param name="read">Text of a recipe by its name.</param>
    /// <exception cref="ConfigurationException">
    /// As by <see cref="Expand(JsonObject, Func{string, string}?)"/>.
    /// </exception>
    public static string Expand(string json, string origin, Func<string, string> read)
    {
        JsonObject root = SettingsText.Read(json, "recipe", origin);
        if (root[Member] is not { } value)
        {
            return json;
        }
        string note = $"// The base {value.ToJsonString()} is written out below: this is the whole recipe.\n";
        return FirstComments(json) + note + Expand(root, read).ToJsonString(s_writing);
    }

    /// <summary>
    /// Puts the members of <paramref name="source"/> over the members of <paramref name="target"/>.
    /// </summary>
    public static void Merge(JsonObject target, JsonObject source)
    {
        foreach ((string name, JsonNode? value) in source)
        {
            if (value is JsonObject inner && target[name] is JsonObject existing)
            {
                Merge(existing, inner);
            }
            else
            {
                target[name] = value?.DeepClone();
            }
        }
    }

    private static string Name(JsonNode? value) => value is JsonValue text && text.TryGetValue(out string? name)
        ? name
        : throw new ConfigurationException($"{Member} is {value?.ToJsonString() ?? "null"}; {Example}");

    private static string Text(string name, Func<string, string>? read)
    {
        if (read is null)
        {
            throw new ConfigurationException(
                $"{Member} is '{name}', and no recipes were given to look it up in; leave it out, or pass a reader");
        }
        try
        {
            return read(name);
        }
        catch (ConfigurationException exception)
        {
            throw new ConfigurationException($"{Member} is '{name}'. {exception.Message}");
        }
    }

    private static string FirstComments(string json)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(json);
        Utf8JsonReader reader = new(bytes, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip });
        reader.Read();
        return Encoding.UTF8.GetString(bytes.AsSpan(0, (int)reader.TokenStartIndex));
    }
}
