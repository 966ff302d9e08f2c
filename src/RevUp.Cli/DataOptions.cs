using System.Text.Json.Nodes;

namespace RevUp.Cli;

/// <summary>
/// The options that say where the data of a checkpoint is now, and how to read it.
/// </summary>
internal sealed class DataOptions
{
    private readonly Option<string?> _data = Usage.Option<string?>(
        "--data", "DIR", "Folder of the data, if the data has moved since the training.");

    private readonly Option<string[]> _set = Usage.Overrides(
        "Override a member of the checkpoint's recipe, such as data.workers=4; may be repeated.");

    // Their values are in the checkpoint itself, and the recipe's are not looked at.
    private static readonly string[] s_fixed = ["model", "data.mean", "data.deviation"];

    public void AddTo(Command command)
    {
        command.Add(_data);
        command.Add(_set);
    }

    /// <summary>The overrides of the recipe, --data after --set.</summary>
    /// <exception cref="ConfigurationException">
    /// One of them would change the trained network.
    /// </exception>
    public IReadOnlyList<string> Overrides(ParseResult arguments)
    {
        string[] settings = arguments.GetValue(_set) ?? [];
        foreach (string setting in settings)
        {
            string path = setting.Split('=')[0];
            string? whole = s_fixed.FirstOrDefault(
                name => path == name || path.StartsWith(name + ".", StringComparison.Ordinal));
            ConfigurationException.Require(
                whole is null,
                $"--set {setting} has no effect on a trained network, which has its own {whole}; leave it out");
        }
        return arguments.GetValue(_data) is { } data
            ? [.. settings, $"data.path={JsonValue.Create(Path.GetFullPath(data)).ToJsonString()}"]
            : settings;
    }
}
