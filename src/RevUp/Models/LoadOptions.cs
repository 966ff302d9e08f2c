namespace RevUp.Models;

/// <summary>How a file's tensors become a network's.</summary>
/// <example>
/// <code>
/// LoadOptions options = new() { Strict = false, Rename = name =&gt; name.Replace("module.", "") };
/// LoadReport report = net.LoadWeights("other.safetensors", options);
/// </code>
/// </example>
public sealed record LoadOptions
{
    /// <summary>
    /// Whether the file must hold every parameter and running average of the network in its shape,
    /// and nothing else. Without it, what fits is taken, and the rest of the network stays as it
    /// is.
    /// </summary>
    public bool Strict { get; init; } = true;

    /// <summary>
    /// The network's name for a tensor of the file, from the file's name for it; null where both
    /// are equal. Every name of the file is asked for once or more.
    /// </summary>
    public Func<string, string>? Rename { get; init; }

    /// <summary>
    /// Whether the file has PyTorch's order of axes, for a file that does not state it and whose
    /// shapes fit both orders.
    /// </summary>
    public bool? ChannelsFirst { get; init; }
}
