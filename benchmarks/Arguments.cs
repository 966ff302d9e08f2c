using RevUp.Benchmarks.Studies;
using RevUp.Data;
using RevUp.Recipes;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Benchmarks;

/// <summary>
/// The options of a study, "--name value" each and --quick, and the command line that repeats it.
/// </summary>
internal sealed class Arguments
{
    private const string QuickFlag = "--quick";

    private readonly string _study;
    private readonly bool _quick;
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    public Arguments(string study, string[] words)
    {
        _study = study;
        Command = string.Join(' ', (string[])["./build.sh benchmark", study, .. words]);
        _quick = words.Contains(QuickFlag);
        words = [.. words.Where(word => word != QuickFlag)];
        for (int i = 0; i < words.Length; i += 2)
        {
            bool option = words[i].StartsWith("--", StringComparison.Ordinal) && i + 1 < words.Length;
            ConfigurationException.Require(
                option, $"'{words[i]}' is not an option with a value; options are given as --name value");
            _values[words[i]] = words[i + 1];
        }
        Output = Text("--output", _quick ? Checkout.QuickFolder : Checkout.ResultsFolder);
    }

    /// <summary>
    /// Whether --quick asks for the smallest sizes that show that a study works. Its figures mean
    /// nothing, so they go to a folder that is not kept.
    /// </summary>
    public bool Quick
    {
        get
        {
            _known.Add(QuickFlag);
            return _quick;
        }
    }

    /// <summary>The command, as it was given.</summary>
    public string Command { get; }

    /// <summary>
    /// The folder of the results, from the root of the checkout; every study has this option.
    /// </summary>
    public string Output { get; }

    /// <summary>
    /// The value of an option, or <paramref name="value"/> when it was not given.
    /// </summary>
    public string Text(string name, string value)
    {
        _known.Add(name);
        return _values.GetValueOrDefault(name, value);
    }

    /// <summary>A list of words, separated by commas.</summary>
    public string[] Words(string name, string value) => Text(name, value).Split(',');

    /// <summary>A list of positive numbers, separated by commas.</summary>
    public int[] Integers(string name, string value) => [.. Words(name, value).Select(word => Positive(name, word))];

    /// <summary>A list of positive numbers and zeros, separated by commas.</summary>
    public int[] IntegersOrZero(string name, string value) =>
        [.. Words(name, value).Select(word => word == "0" ? 0 : Positive(name, word))];

    /// <summary>
    /// The recipe of --recipe with the values of --set, "path=value" with semicolons between; with
    /// --quick, on a few made-up samples of the same shape, for which no file is needed.
    /// </summary>
    public Recipe Recipe(string name)
    {
        string[] overrides = Text("--set", "").Split(';', StringSplitOptions.RemoveEmptyEntries);
        Recipe recipe = Checkout.Recipe(Text("--recipe", name), overrides);
        DataSettings patterns = Checkout.SyntheticData(
            recipe.Data.Sample, recipe.Data.ClassCount, samples: 4 * recipe.Training.BatchSize);
        return Quick ? recipe with { Data = patterns } : recipe;
    }

    /// <summary>The memory policies of --policies.</summary>
    public MemoryPolicy[] Policies(string value) => [.. Words("--policies", value).Select(word =>
    {
        bool valid =
            Enum.TryParse(word, ignoreCase: true, out MemoryPolicy policy) && MemoryPlan.Uniform.Contains(policy);
        ConfigurationException.Require(
            valid,
            $"--policies has '{word}'; there are {string.Join(", ", MemoryPlan.Uniform.Select(MemoryTable.Name))}");
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
        ConfigurationException.Require(
            !_quick || _known.Contains(QuickFlag), $"the study '{_study}' has no smaller sizes; leave out {QuickFlag}");
        string? other = _values.Keys.FirstOrDefault(name => !_known.Contains(name));
        ConfigurationException.Require(
            other is null, $"the study '{_study}' has no option '{other}'; it has {string.Join(", ", _known)}");
    }

    private static int Positive(string name, string word)
    {
        bool valid = int.TryParse(word, out int value) && value > 0;
        ConfigurationException.Require(valid, $"{name} is '{word}'; use a positive whole number");
        return value;
    }
}
