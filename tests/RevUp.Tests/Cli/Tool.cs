using RevUp.Cli.Output;

namespace RevUp.Tests.Cli;

/// <summary>Exit code and output of one command line.</summary>
internal sealed record ToolResult(int ExitCode, string Output, string Error)
{
    /// <summary>The one document on standard output.</summary>
    public JsonElement Json => JsonDocument.Parse(Output).RootElement;

    /// <summary>The last line on standard error, where errors are told.</summary>
    public string LastError => Error.TrimEnd().Split('\n')[^1];

    /// <summary>
    /// Fails unless the tool ended with exit code 1 and one paragraph that has all these texts.
    /// </summary>
    public void AssertFails(params IEnumerable<string> named)
    {
        Assert.AreEqual(1, ExitCode, Error);
        Assert.IsEmpty(Output);
        Assert.StartsWith("error: ", LastError);
        Assert.DoesNotContain("   at ", Error);
        foreach (string name in named)
        {
            Assert.Contains(name, LastError);
        }
    }
}

/// <summary>
/// Runs the tool's entry point in this process, with writers in place of the console.
/// </summary>
internal static class Tool
{
    /// <summary>
    /// Two blocks on 64 images of 8 × 8: 8 steps an epoch, of a millisecond each.
    /// </summary>
    public const string TinyRecipe = """
        {
          "name": "tiny", // comments and trailing commas are part of the format
          "data": { "dataset": "synthetic", "extents": [8, 8], "classes": 4, "trainingSamples": 64 },
          "model": {
            "downsampling": "squeeze",
            "stages": [{ "blocks": 1, "channels": 4 }, { "blocks": 1, "channels": 16, "width": 4 }]
          },
          "training": { "epochs": 2, "batchSize": 8 },
        }
        """;

    public static ToolResult Run(params string[] arguments) => Run(new StringWriter(), false, default, arguments);

    public static ToolResult Run(
        StringWriter error, bool errorIsTerminal, CancellationToken stop, params string[] arguments)
    {
        using StringWriter output = new();
        int exitCode = CommandLine.Run(
            arguments, new Terminal(output, error, outputIsTerminal: false, errorIsTerminal, stop));
        return new ToolResult(exitCode, output.ToString(), error.ToString());
    }

    /// <summary>The result of a command that must end with exit code 0.</summary>
    public static ToolResult Succeed(params string[] arguments)
    {
        ToolResult result = Run(arguments);
        Assert.AreEqual(0, result.ExitCode, result.Error);
        return result;
    }

    /// <summary>The arguments that train the tiny recipe into the folder's "run".</summary>
    public static string[] Training(TemporaryFolder folder) =>
        ["train", "--recipe", WriteTinyRecipe(folder), "--output", folder["run"], "--threads", "1"];

    /// <summary>The JSON document in a file.</summary>
    public static JsonElement ReadJson(string path) => JsonDocument.Parse(File.ReadAllText(path)).RootElement;

    /// <summary>The tiny recipe as a file.</summary>
    public static string WriteTinyRecipe(TemporaryFolder folder)
    {
        File.WriteAllText(folder["tiny.json"], TinyRecipe);
        return folder["tiny.json"];
    }

    /// <summary>Trains the tiny recipe into the folder's "run" and returns that.</summary>
    public static string TrainTiny(TemporaryFolder folder)
    {
        Succeed(Training(folder));
        return folder["run"];
    }
}
