using System.Text.Json;
using System.Text.Json.Nodes;
using RevUp.Models;
using RevUp.Recipes;

namespace RevUp.Benchmarks.Parity;

/// <summary>All model presets as one JSON file, from which twins build the same networks.</summary>
internal static class PresetFile
{
    /// <summary>The file, from the root of the checkout.</summary>
    public const string Place = "benchmarks/pytorch/presets.json";

    private static readonly JsonSerializerOptions s_options = new() { WriteIndented = true };

    /// <summary>
    /// The text that the file has to have: every preset in the form that recipes give models.
    /// </summary>
    public static string Text()
    {
        JsonObject presets = [];
        foreach (string name in ModelPresets.Names)
        {
            Recipe recipe = new() { Model = ModelPresets.Get(name) };
            presets[name] = JsonNode.Parse(RecipeFile.Serialize(recipe))!["model"]!.DeepClone();
        }
        return presets.ToJsonString(s_options) + "\n";
    }
}
