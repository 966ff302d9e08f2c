using System.Diagnostics;
using System.Text.Json;
using RevUp.Tests.Support;

namespace RevUp.Tests.Cli;

/// <summary>A training that is stopped says how to go on, and going on ends where an uninterrupted one does.</summary>
[TestClass]
public sealed class InterruptionTests
{
    [TestMethod]
    public void AStoppedTrainingGoesOnWithTheCommandThatItPrints()
    {
        using TemporaryFolder folder = new();
        string[] train = ["train", "--recipe", Tool.WriteTinyRecipe(folder), "--output", folder["run"], "--threads", "1", "--json"];
        using CancellationTokenSource stop = new();
        ToolResult stopped = Tool.Run(new StoppingWriter(stop, "step 3/16"), false, stop.Token, train);
        Assert.AreEqual(130, stopped.ExitCode, stopped.Error);
        Assert.IsTrue(stopped.Json.GetProperty("interrupted").GetBoolean());
        Assert.AreEqual(JsonValueKind.Null, stopped.Json.GetProperty("top1").ValueKind);
        Assert.AreEqual(3, stopped.Json.GetProperty("step").GetInt32());
        Assert.IsTrue(Directory.Exists(stopped.Json.GetProperty("checkpoint").GetString()));
        Assert.AreEqual($"  revup {string.Join(' ', train)} --resume", stopped.LastError);

        ToolResult resumed = Tool.Run([.. train, "--resume"]);
        Assert.AreEqual(0, resumed.ExitCode, resumed.Error);
        Assert.DoesNotContain("step 3/16", resumed.Error);
        ToolResult whole = Tool.Run("train", "--recipe", folder["tiny.json"], "--output", folder["whole"], "--threads", "1", "--json");
        Assert.AreEqual(whole.Json.GetProperty("loss").GetDouble(), resumed.Json.GetProperty("loss").GetDouble());
        Assert.AreEqual(whole.Json.GetProperty("step").GetInt32(), resumed.Json.GetProperty("step").GetInt32());
    }

    [TestMethod]
    public void AStoppedDemonstrationGoesOnFromItsOwnRecipe()
    {
        using TemporaryFolder folder = new();
        using CancellationTokenSource stop = new();
        StoppingWriter error = new(stop, "step 3/16");
        ToolResult stopped = Tool.Run(error, false, stop.Token, "demo", "--recipe", Tool.WriteTinyRecipe(folder), "--output", folder["demo"], "--threads", "1");
        Assert.AreEqual(130, stopped.ExitCode, stopped.Error);
        ToolResult resumed = Tool.Run(stopped.LastError.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..]);
        Assert.AreEqual(0, resumed.ExitCode, resumed.Error);
        Assert.Contains("step 4/16", resumed.Error);
    }

    [TestMethod]
    public void ASignalStopsTheProcessAfterACheckpoint()
    {
        using TemporaryFolder folder = new();
        using Process process = ToolProcess.Start(
            null, "train", "--recipe", Tool.WriteTinyRecipe(folder), "--output", folder["run"], "--set", "training.epochs=100000", "--threads", "1");
        while (process.StandardError.ReadLine() is { } line && !line.Contains("step 1/", StringComparison.Ordinal))
        {
            Assert.DoesNotContain("error:", line);
        }
        using Process kill = Process.Start("kill", ["-TERM", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.AreEqual(130, process.ExitCode, error);
        Assert.Contains("--resume", error);
        Assert.IsNotEmpty(Directory.GetDirectories(Path.Combine(folder["run"], "checkpoints")));
    }

    /// <summary>Asks for a stop when a text is written.</summary>
    private sealed class StoppingWriter(CancellationTokenSource stop, string at) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            if (value!.Contains(at, StringComparison.Ordinal))
            {
                stop.Cancel();
            }
        }
    }
}
