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
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] CaseRules? Cases = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ModelInput? Input = null)
{
    private const string MetadataKey = "revup.model";
    // Version 1 states no input, and its files have the vectors of power iterations.
    private const int CurrentVersion = 2;
    private static readonly JsonSerializerOptions s_json =
        SettingsFormat.Of(ModelDescriptionJson.Default, isIndented: false);

    /// <summary>The description of a network as a text of its file's metadata.</summary>
    /// <exception cref="ConfigurationException">
    /// The number of names is not the number of classes, or the statistics are not of as many
    /// channels as the network has.
    /// </exception>
    public static (string Key, string Value) Metadata(
        RevUpNet net, ChannelNormalization normalization, IReadOnlyList<string> classes, CaseRules? cases = null,
        ModelInput? input = null)
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
            normalization.Deviation, cases, input);
        return (MetadataKey, JsonSerializer.Serialize(description, s_json.Info<ModelDescription>()));
    }

    /// <summary>The description in a file.</summary>
    /// <exception cref="CheckpointException">
    /// The file is damaged, or its metadata has no description that this version reads.
    /// </exception>
    public static ModelDescription Read(WeightSource file) => Find(file) ?? throw new CheckpointException(
        file.Name,
        "it has weights, but does not describe their network: write the file with Checkpoint.SaveModel, or take the "
        + "model.safetensors of a checkpoint.");

    /// <summary>The same, or null when the file has no description.</summary>
    /// <exception cref="CheckpointException">
    /// The file is damaged, or its description is of another version.
    /// </exception>
    public static ModelDescription? Find(WeightSource file)
    {
        string path = file.Name;
        using SafetensorsReader reader = file.Open();
        if (!reader.Metadata.TryGetValue(MetadataKey, out string? json))
        {
            return null;
        }
        try
        {
            ModelDescription description = JsonSerializer.Deserialize(json, s_json.Info<ModelDescription>())!;
            return description.Version is >= 1 and <= CurrentVersion
                ? description
                : throw new CheckpointException(
                    path,
                    $"its description has version {description.Version}, and this version of RevUp reads "
                    + $"1 to {CurrentVersion}; use the version that wrote it, or a later one.");
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
    /// Builds the network, for predictions, and fills it from <paramref name="file"/>.
    /// </summary>
    /// <exception cref="CheckpointException">
    /// Description and weights do not fit each other, or the file is damaged.
    /// </exception>
    public RevUpNet Load(Backend backend, WeightSource file, Func<BranchSite, Branch>? branches = null)
    {
        RevUpNet? net = null;
        try
        {
            ConfigurationException.Require(
                Mean.Count == Sample[^1],
                $"It states the mean of {Mean.Count} channels for samples [{string.Join(", ", Sample)}]");
            net = RevUpNet.ForPredictions(
                backend, Settings.ForInference(backend), new Shape([.. Sample]), Classes.Count, branches);
            net.LoadWeights(file, new LoadOptions(), new HashSet<string>());
            return net;
        }
        catch (Exception exception)
        {
            net?.Dispose();
            throw exception is ConfigurationException or ArgumentException
                ? new CheckpointException(
                    file.Name,
                    $"the network that its metadata describes cannot be built: {exception.Message}",
                    exception)
                : exception;
        }
    }
}
