using RevUp.Reversible;

namespace RevUp.Benchmarks;

/// <summary>The options of a study, "--name value" each, and the command line that repeats it.</summary>
internal sealed class Arguments
{
    private readonly string _study;
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly List<string> _known = [];

    public Arguments(string study, string[] words)
    {
        _study = study;
        Command = string.Join(' ', (string[])["./build.sh benchmark", study, .. words]);
        for (int i = 0; i < words.Length; i += 2)
        {
            bool option = words[i].StartsWith("--", StringComparison.Ordinal) && i + 1 < words.Length;
            ConfigurationException.Require(option, $"'{words[i]}' is not an option with a value; options are given as --name value");
            _values[words[i]] = words[i + 1];
        }
        Output = Text("--output", Checkout.ResultsFolder);
    }

    /// <summary>The command, as it was given.</summary>
    public string Command { get; }

    /// <summary>The folder of the results, from the root of the checkout; every study has this option.</summary>
    public string Output { get; }

    /// <summary>The value of an option, or <paramref name="value"/> when it was not given.</summary>
    public string Text(string name, string value)
    {
        _known.Add(name);
        return _values.GetValueOrDefault(name, value);
    }

    /// <summary>A list of words, separated by commas.</summary>
    public string[] Words(string name, string value) => Text(name, value).Split(',');

    /// <summary>A list of positive numbers, separated by commas.</summary>
    public int[] Integers(string name, string value) => [.. Words(name, value).Select(word => Positive(name, word))];

    /// <summary>The memory policies of --policies.</summary>
    public MemoryPolicy[] Policies(string value) => [.. Words("--policies", value).Select(word =>
    {
        bool valid = Enum.TryParse(word, ignoreCase: true, out MemoryPolicy policy) && Enum.IsDefined(policy);
        ConfigurationException.Require(
            valid, $"--policies has '{word}'; there are {string.Join(", ", Enum.GetNames<MemoryPolicy>().Select(name => name.ToLowerInvariant()))}");
        return policy;
    })];

    /// <summary>A positive number.</summary>
    public int Integer(string name, int value) => Positive(name, Text(name, $"{value}"));

    /// <summary>A positive number, or 0.</summary>
    public int IntegerOrZero(string name, int value) => Text(name, $"{value}") == "0" ? 0 : Integer(name, value);

    /// <summary>Called when all options have been asked for.</summary>
    /// <exception cref="ConfigurationException">There are others.</exception>
    public void RequireNoOthers()
    {
        string? other = _values.Keys.FirstOrDefault(name => !_known.Contains(name));
        ConfigurationException.Require(other is null, $"the study '{_study}' has no option '{other}'; it has {string.Join(", ", _known)}");
    }

    private static int Positive(string name, string word)
    {
        bool valid = int.TryParse(word, out int value) && value > 0;
        ConfigurationException.Require(valid, $"{name} is '{word}'; use a positive whole number");
        return value;
    }
}
