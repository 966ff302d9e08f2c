namespace RevUp.Models;

/// <summary>Tensors that a network took from a file, by the network's names.</summary>
public sealed record LoadReport
{
    /// <summary>Tensors that were taken.</summary>
    public IReadOnlyList<string> Taken { get; init; } = [];

    /// <summary>
    /// Parameters and running averages of the network that the file does not have; they stay as
    /// they were.
    /// </summary>
    public IReadOnlyList<string> Missing { get; init; } = [];

    /// <summary>
    /// Tensors of the file that the network does not have, by their renamed names.
    /// </summary>
    public IReadOnlyList<string> Unexpected { get; init; } = [];

    /// <summary>
    /// Tensors of another shape, each as "name [file's shape] for [network's shape]"; they stay as
    /// they were.
    /// </summary>
    public IReadOnlyList<string> Mismatched { get; init; } = [];

    /// <summary>Tensors of a new head, whatever the file has for them.</summary>
    public IReadOnlyList<string> Replaced { get; init; } = [];

    /// <summary>
    /// Convolutions whose norm or singular vectors the file does not have: power iteration
    /// estimated them until they converged.
    /// </summary>
    public IReadOnlyList<string> Estimated { get; init; } = [];

    /// <summary>The counts in one line.</summary>
    public override string ToString()
    {
        (string Text, int Count)[] rest =
        [
            ("missing", Missing.Count), ("unexpected", Unexpected.Count), ("of another shape", Mismatched.Count),
            ("of a new head", Replaced.Count), ("norms estimated", Estimated.Count),
        ];
        IEnumerable<string> parts = rest.Where(part => part.Count > 0)
            .Select(part => string.Create(CultureInfo.InvariantCulture, $", {part.Count} {part.Text}"));
        return string.Create(CultureInfo.InvariantCulture, $"{Taken.Count} tensors taken") + string.Concat(parts);
    }
}
