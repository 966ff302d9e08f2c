using System.ComponentModel;
using System.Diagnostics;
using RevUp.Data;
using RevUp.Recipes;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Benchmarks;

/// <summary>
/// The checkout that this program was built in: recipes, results, and what studies leave behind.
/// </summary>
internal static class Checkout
{
    /// <summary>Where results go, from the root.</summary>
    public const string ResultsFolder = "benchmarks/results";

    /// <summary>Where results without meaning go.</summary>
    public const string QuickFolder = "artifacts/studies/quick";

    /// <summary>The folder of RevUp.sln, looked for upwards from this assembly.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>A path under the root.</summary>
    public static string Path(params ReadOnlySpan<string> names) => System.IO.Path.Combine([Root, .. names]);

    /// <summary>
    /// The command-line tool's recipe <paramref name="name"/> with its settings "path=value"
    /// overridden, read from its source: the tool itself is not needed.
    /// </summary>
    /// <exception cref="ConfigurationException">There is none, or it cannot work.</exception>
    public static Recipe Recipe(string name, params string[] overrides) => Recipe(name, precision: null, overrides);

    /// <summary>The same, with a precision where the recipe names none.</summary>
    public static Recipe Recipe(string name, BranchPrecision? precision, params string[] overrides)
    {
        string Text(string recipe)
        {
            string path = Path("src", "RevUp.Cli", "recipes", recipe + ".json");
            ConfigurationException.Require(
                File.Exists(path),
                $"there is no recipe '{recipe}' in src/RevUp.Cli/recipes; name one of its files, without .json");
            return File.ReadAllText(path);
        }
        return RecipeFile.Parse(Text(name), name, overrides, Text, precision);
    }

    /// <summary>Seeded patterns in place of files.</summary>
    public static DataSettings SyntheticData(Shape sample, int classes, int samples) => new()
    {
        Dataset = DatasetKind.Synthetic,
        Extents = [.. Enumerable.Range(0, sample.SpatialRank).Select(sample.Extent)],
        Channels = sample.Channels,
        Classes = classes,
        TrainingSamples = samples,
    };

    /// <summary>
    /// The last commit that changed the library, with a remark when files were changed since;
    /// "unknown" without git.
    /// </summary>
    public static string MeasuredCommit()
    {
        string[] measured = ["native", "interop", "src"];
        string commit = Git(["log", "-1", "--format=%h", "--", .. measured]);
        bool changed = Git(["status", "--porcelain", "--", .. measured]).Length > 0;
        return commit.Length == 0 ? "unknown" : changed ? $"{commit} and changes" : commit;
    }

    private static string Git(params string[] arguments)
    {
        try
        {
            using Process git = Process.Start(new ProcessStartInfo("git", ["-C", Root, .. arguments])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            string output = git.StandardOutput.ReadToEnd().Trim();
            git.WaitForExit();
            return git.ExitCode == 0 ? output : "";
        }
        catch (Win32Exception)
        {
            // There is no git.
            return "";
        }
    }

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(System.IO.Path.Combine(folder.FullName, "RevUp.sln")))
        {
            folder = folder.Parent;
        }
        return folder?.FullName ?? throw new StudyException(
            $"RevUp.sln is in no parent folder of {AppContext.BaseDirectory}; the studies read the checkout's recipes, "
            + "so run them from a build inside it.");
    }
}
