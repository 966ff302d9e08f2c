namespace RevUp.Tests.Support;

/// <summary>
/// A recipe that trains in milliseconds: two epochs of six steps, three blocks at two resolutions,
/// inverted.
/// </summary>
internal static class SmallRecipe
{
    public const int StepsPerEpoch = 6;
    public const int Steps = 2 * StepsPerEpoch;

    public const string Json = """
        {
          "name": "small",
          "description": "Three blocks on synthetic images",
          "data": { "dataset": "synthetic", "extents": [8, 8], "channels": 1, "classes": 4, "trainingSamples": 48,
            "padding": 1, "flip": true },
          "model": {
            "stem": "convolution",
            "downsampling": "squeeze",
            "stages": [ { "blocks": 2, "channels": 4 }, { "blocks": 1, "channels": 16, "width": 8 } ]
          },
          "training": { "epochs": 2, "batchSize": 8, "schedule": { "kind": "cosine", "warmupSteps": 2 } }
        }
        """;

    public static Recipe Create(params string[] overrides) => RecipeFile.Parse(Json, "small.json", overrides);

    /// <summary>The message with which this recipe and the overrides are refused.</summary>
    public static string Refusal(params string[] overrides) =>
        Assert.ThrowsExactly<ConfigurationException>(() => Create(overrides)).Message;
}
