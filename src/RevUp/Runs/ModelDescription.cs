using RevUp.Backends;
using RevUp.Data;
using RevUp.Formats;
using RevUp.Models;
using RevUp.Recipes;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Runs;

/// <summary>
/// Facts that the use of a network needs and its weights do not hold: kept as JSON in the metadata
/// of their safetensors file.
/// </summary>
internal sealed record ModelDescription(
    [property: JsonRequired] int Version,
    [property: JsonRequired] ModelSettings Settings,
    [property: JsonRequired] IReadOnlyList<int> Sample,
    [property: JsonRequired] IReadOnlyList<string> Classes,
    [property: JsonRequired] IReadOnlyList<double> Mean,
    [property: JsonRequired] IReadOnlyList<double> Deviation,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] CaseRules? Cases = null)
{
    private const string MetadataKey = "revup.model";
    private const int CurrentVersion = 1;
    private static readonly JsonSerializerOptions s_json = new(RecipeFile.Options) { WriteIndented = false };

    /// <summary>The description of a network as a text of its file's metadata.</summary>
    /// <exception cref="ConfigurationException">
    /// The number of names is not the number of classes, or the statistics are not of as many
    /// channels as the network has.
    /// </exception>
    public static (string Key, string Value) Metadata(
        RevUpNet net, ChannelNormalization normalization, IReadOnlyList<string> classes, CaseRules? cases = null)
    {
        ArgumentNullException.ThrowIfNull(net);
        ArgumentNullException.ThrowIfNull(normalization);
        ArgumentNullException.ThrowIfNull(classes);
        ConfigurationException.Require(
            classes.Count == net.Classes,
            $"{classes.Count} class names were given for a network of {net.Classes} classes");
        ConfigurationException.Require(
            normalization.Mean.Count == net.Sample.Channels,
            $"The normalisation is of {normalization.Mean.Count} channels, and the network's samples {net.Sample} have "
            + $"{net.Sample.Channels}");
        int[] sample = [.. Enumerable.Range(0, net.Sample.Rank).Select(i => net.Sample[i])];
        ModelDescription description = new(
            CurrentVersion, net.Settings with { InitialFrom = null }, sample, classes, normalization.Mean,
            normalization.Deviation, cases);
        return (MetadataKey, JsonSerializer.Serialize(description, s_json));
    }

    /// <summary>The description in the file at <paramref name="path"/>.</summary>
    /// <exception cref="CheckpointException">
    /// The file is damaged, or its metadata has no description that this version reads.
    /// </exception>
    public static ModelDescription Read(string path) => Find(path) ?? throw new CheckpointException(
        path,
        "it has weights, but does not describe their network: write the file with Checkpoint.SaveModel, or take the "
        + "model.safetensors of a checkpoint.");

    /// <summary>The same, or null when the file has no description.</summary>
    /// <exception cref="CheckpointException">
    /// The file is damaged, or its description is of another version.
    /// </exception>
    public static ModelDescription? Find(string path)
    {
        using SafetensorsReader reader = new(path);
        if (!reader.Metadata.TryGetValue(MetadataKey, out string? json))
        {
            return null;
        }
        try
        {
            ModelDescription description = JsonSerializer.Deserialize<ModelDescription>(json, s_json)!;
            return description.Version == CurrentVersion
                ? description
                : throw new CheckpointException(
                    path,
                    $"its description has version {description.Version}, and this version of RevUp reads "
                    + $"{CurrentVersion}.");
        }
        catch (JsonException exception)
        {
            throw new CheckpointException(
                path,
                $"its metadata '{MetadataKey}' is not a description of a network: {exception.Message}",
                exception);
        }
    }

    /// <summary>
    /// Builds the network, for predictions, and fills it from <paramref name="path"/>.
    /// </summary>
    /// <exception cref="CheckpointException">
    /// Description and weights do not fit each other, or the file is damaged.
    /// </exception>
    public RevUpNet Load(Backend backend, string path, Func<BranchSite, Branch>? branches = null)
    {
        RevUpNet? net = null;
        try
        {
            ConfigurationException.Require(
                Mean.Count == Sample[^1],
                $"It states the mean of {Mean.Count} channels for samples [{string.Join(", ", Sample)}]");
            // Every tensor is read from the file: the seed draws nothing that stays.
            net = new RevUpNet(
                backend, Settings.ForInference(backend), new Shape([.. Sample]), Classes.Count, seed: 1, branches)
            {
                KeepsPackedWeights = true,
            };
            net.LoadWeights(path);
            return net;
        }
        catch (Exception exception)
        {
            net?.Dispose();
            throw exception is ConfigurationException or ArgumentException
                ? new CheckpointException(
                    path, $"the network that its metadata describes cannot be built: {exception.Message}", exception)
                : exception;
        }
    }
}
