using System.Text.Json.Serialization;
using RevUp.Layers;
using RevUp.Tensors;

namespace RevUp.Models;

/// <summary>Which layers of a network a training changes, and at what rates.</summary>
/// <remarks>
/// A layer is named as its parameters are: "stem", "stages.1", "stages.1.blocks.3", "head". The
/// name "body" stands for every layer but the head.
/// </remarks>
public sealed record TrainedLayers
{
    /// <summary>Name of all layers but the last.</summary>
    internal const string Body = "body";

    /// <summary>
    /// The last layers of this name are frozen, and all layers before them; null for none. A frozen
    /// layer is a fixed function: its parameters, norms and running averages stay. It has no
    /// gradients, optimiser state or power iterations, and its forward pass keeps nothing. The
    /// backward pass ends behind it.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public string? Freeze { get; init; }

    /// <summary>
    /// Factors of the learning rate, by names of layers; null for 1 everywhere. The longest name
    /// that fits a layer counts.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public IReadOnlyDictionary<string, double>? Rates { get; init; }

    /// <summary>Whether everything is trained at one rate.</summary>
    internal bool IsWhole => Freeze is null && Rates is null;

    /// <summary>Whether both say the same.</summary>
    public bool Equals(TrainedLayers? other) =>
        other is not null && Freeze == other.Freeze && (Rates?.Count ?? 0) == (other.Rates?.Count ?? 0)
        && (Rates ?? Empty).All(rate =>
            other.Rates!.TryGetValue(rate.Key, out double factor) && factor == rate.Value);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Freeze, Rates?.Count ?? 0);

    /// <summary>Throws when a value is outside its range.</summary>
    /// <exception cref="ConfigurationException">Names the value and the range.</exception>
    public void Validate()
    {
        ConfigurationException.Require(
            Freeze != "", $"training.freeze is empty; name layers, such as \"body\", or leave it out");
        foreach ((string name, double factor) in Rates ?? Empty)
        {
            ConfigurationException.Require(
                double.IsFinite(factor) && factor is >= 0 and <= 1000,
                $"training.rates has {factor} for '{name}'; use 0 to 1000");
        }
    }

    /// <summary>Number of frozen layers, all at the start of the network.</summary>
    /// <exception cref="ConfigurationException">
    /// No layer has the name, or nothing would be trained.
    /// </exception>
    internal int FrozenOf(IReadOnlyList<Layer> layers)
    {
        if (Freeze is null)
        {
            return 0;
        }
        int last = Enumerable.Range(0, layers.Count).LastOrDefault(i => IsNamed(layers, i, Freeze), -1);
        ConfigurationException.Require(
            last >= 0, $"training.freeze is '{Freeze}', and no layer has this name; use one of {Names(layers)}");
        ConfigurationException.Require(
            last < layers.Count - 1,
            $"training.freeze is '{Freeze}', which includes the head, and nothing would be trained; use '{Body}' for "
            + $"all layers before it");
        return last + 1;
    }

    /// <summary>Factor of a layer's learning rate.</summary>
    internal double RateOf(IReadOnlyList<Layer> layers, int index) => (Rates ?? Empty)
        .Where(rate => IsNamed(layers, index, rate.Key))
        .OrderByDescending(rate => rate.Key == Body ? 0 : rate.Key.Length)
        .Select(rate => rate.Value)
        .FirstOrDefault(1);

    /// <summary>Throws when a rate is of no layer, or of frozen ones alone.</summary>
    /// <exception cref="ConfigurationException">Names the rate and the layers.</exception>
    internal void RequireRates(IReadOnlyList<Layer> layers)
    {
        int frozen = FrozenOf(layers);
        foreach (string name in Rates?.Keys ?? [])
        {
            int last = Enumerable.Range(0, layers.Count).LastOrDefault(i => IsNamed(layers, i, name), -1);
            ConfigurationException.Require(
                last >= 0, $"training.rates has '{name}', and no layer has this name; use one of {Names(layers)}");
            ConfigurationException.Require(
                last >= frozen,
                $"training.rates has '{name}', and training.freeze '{Freeze}' freezes these layers; leave one of them "
                + $"out");
        }
    }

    private static IReadOnlyDictionary<string, double> Empty { get; } = new Dictionary<string, double>();

    private static bool IsNamed(IReadOnlyList<Layer> layers, int index, string name) => name == Body
        ? index < layers.Count - 1
        : (layers[index].Name + ".").StartsWith(name + ".", StringComparison.Ordinal);

    // Stem, stages and head; a name may go on to the parts of these.
    private static string Names(IReadOnlyList<Layer> layers) => string.Join(
        ", ",
        layers.Select(layer => layer.Name.Split('.'))
            .Select(parts => string.Join('.', parts.Take(parts[0] == "stages" ? 2 : 1)))
            .Distinct().Append(Body));
}
