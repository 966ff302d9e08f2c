using System.Text.Json.Nodes;
using RevUp.Data;
using RevUp.Data.Dense;
using RevUp.Models;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Recipes;

/// <summary>
/// Recipes as JSON with comments. "base": NAME starts from another recipe, and "model": { "preset":
/// NAME, … } from a preset; the other members replace theirs. Overrides "path=value", such as
/// "model.stages.0.blocks=6", replace single values. Unknown members and values of a wrong type are
/// errors.
/// </summary>
internal static class RecipeFile
{
    private const string PresetPath = "model.preset";

    private static readonly JsonSerializerOptions s_json = SettingsFormat.Of(RecipeJson.Default);

    /// <inheritdoc cref="Recipe.Parse"/>
    /// <param name="json">The text.</param>
    /// <param name="origin">Where it comes from, for messages.</param>
    /// <param name="overrides">"path=value", in order.</param>
    /// <param name="read">Text of a recipe by its name; null where recipes have no names.</param>
    /// <param name="precision">
    /// model.precision where neither the recipe nor an override names it; null for float32.
    /// </param>
    public static Recipe Parse(
        string json, string origin, IEnumerable<string> overrides, Func<string, string>? read = null,
        BranchPrecision? precision = null)
    {
        try
        {
            JsonObject root = SettingsText.Read(json, "recipe", origin);
            (string Path, string Value)[] values = [.. overrides.Select(Split)];
            // The starting points first: the other overrides change what they give.
            SetAll(root, values.Where(v => v.Path == RecipeBase.Member));
            root = RecipeBase.Expand(root, read);
            SetAll(root, values.Where(v => v.Path == PresetPath));
            if (precision is { } asked && root["model"] is JsonObject model && !model.ContainsKey("precision"))
            {
                model["precision"] = asked.Text();
            }
            ExpandPreset(root);
            SetAll(root, values.Where(v => v.Path is not (RecipeBase.Member or PresetPath)));
            SettingsSchema.Check(root, s_json.Info<Recipe>(), "a recipe");
            Recipe recipe = root.Deserialize(s_json.Info<Recipe>())!;
            recipe = recipe with { Data = DenseDatasets.Complete(recipe.Data) };
            recipe.Validate();
            return recipe;
        }
        catch (ConfigurationException exception) when (!exception.Message.Contains(origin, StringComparison.Ordinal))
        {
            throw new ConfigurationException($"The recipe '{origin}' cannot be used: {exception.Message}");
        }
    }

    /// <inheritdoc cref="Recipe.ToJson"/>
    public static string Serialize(Recipe recipe) => JsonSerializer.Serialize(recipe, s_json.Info<Recipe>());

    private static (string Path, string Value) Split(string text)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals > 0
            ? (text[..equals], text[(equals + 1)..])
            : throw new ConfigurationException(
                $"The setting '{text}' is not of the form path=value, such as training.epochs=3.");
    }

    private static void ExpandPreset(JsonObject root)
    {
        if (root["model"] is not JsonObject model || !model.Remove("preset", out JsonNode? preset))
        {
            return;
        }
        if (preset is not JsonValue name || !name.TryGetValue(out string? text))
        {
            throw new ConfigurationException(
                $"{PresetPath} is {preset?.ToJsonString() ?? "null"}; it must be one of "
                + $"{string.Join(", ", ModelPresets.Names)}.");
        }
        JsonObject expanded =
            (JsonObject)JsonSerializer.SerializeToNode(ModelPresets.Get(text), s_json.Info<ModelSettings>())!;
        RecipeBase.Merge(expanded, model);
        root["model"] = expanded;
    }

    private static void SetAll(JsonObject root, IEnumerable<(string Path, string Value)> values)
    {
        foreach ((string path, string value) in values)
        {
            Set(root, path, value);
        }
    }

    private static void Set(JsonObject root, string path, string value)
    {
        string[] names = path.Split('.');
        JsonNode node = root;
        foreach (string name in names[..^1])
        {
            node = Child(node, name, path)
                ?? (node is JsonObject parent ? parent[name] = new JsonObject() : throw NoSuchElement(path, name));
        }
        JsonNode? parsed = ParseValue(value);
        switch (node)
        {
            case JsonObject target:
                target[names[^1]] = parsed;
                break;
            case JsonArray array when Index(array, names[^1]) is { } index:
                array[index] = parsed;
                break;
            default:
                throw NoSuchElement(path, names[^1]);
        }
    }

    private static JsonNode? Child(JsonNode node, string name, string path) => node switch
    {
        JsonObject parent => parent[name],
        JsonArray array => Index(array, name) is { } index ? array[index] : throw NoSuchElement(path, name),
        _ => throw NoSuchElement(path, name),
    };

    private static int? Index(JsonArray array, string name) =>
        int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int index) && index < array.Count
            ? index
            : null;

    private static JsonNode? ParseValue(string value)
    {
        try
        {
            return JsonNode.Parse(value);
        }
        catch (JsonException)
        {
            return JsonValue.Create(value);
        }
    }

    private static ConfigurationException NoSuchElement(string path, string name) =>
        new($"The setting '{path}' does not exist: there is no '{name}' there.");
}
