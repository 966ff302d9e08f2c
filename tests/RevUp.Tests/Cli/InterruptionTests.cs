using System.Runtime.InteropServices;
using RevUp.Cli;
using RevUp.Cli.Output;
using Processor = System.Runtime.InteropServices.Architecture;

namespace RevUp.Tests.Cli;

/// <summary>
/// A training that is stopped says how to go on, and going on ends where an uninterrupted one does.
/// </summary>
[TestClass]
public sealed class InterruptionTests : FolderTest
{
    [TestMethod]
    public void AStoppedTrainingGoesOnWithTheCommandThatItPrints()
    {
        string[] train = [.. Tool.Training(Folder), "--json"];
        using CancellationTokenSource stop = new();
        ToolResult stopped = Tool.Run(new StoppingWriter(stop, "step 3/16"), false, stop.Token, train);
        Assert.AreEqual(130, stopped.ExitCode, stopped.Error);
        Assert.IsTrue(stopped.Json.GetProperty("interrupted").GetBoolean());
        Assert.AreEqual(JsonValueKind.Null, stopped.Json.GetProperty("top1").ValueKind);
        Assert.AreEqual(3, stopped.Json.GetProperty("step").GetInt32());
        Assert.IsTrue(Directory.Exists(stopped.Json.GetProperty("checkpoint").GetString()));
        Assert.AreEqual($"  revup {string.Join(' ', train)} --resume", stopped.LastError);

        ToolResult resumed = Tool.Succeed([.. train, "--resume"]);
        Assert.DoesNotContain("step 3/16", resumed.Error);
        ToolResult whole = Tool.Run(
            "train", "--recipe", Folder["tiny.json"], "--output", Folder["whole"], "--threads", "1", "--json");
        Assert.AreEqual(whole.Json.GetProperty("loss").GetDouble(), resumed.Json.GetProperty("loss").GetDouble());
        Assert.AreEqual(whole.Json.GetProperty("step").GetInt32(), resumed.Json.GetProperty("step").GetInt32());
    }

    /// <summary>As happens to a training that ends while a signal is on its way.</summary>
    [TestMethod]
    [DataRow(10)]
    [DataRow(15)]
    public void ASignalThatIsHandledAfterTheEndDoesNothing(int signal)
    {
        using StringWriter error = new();
        Terminal terminal = new(TextWriter.Null, error, outputIsTerminal: false, errorIsTerminal: false);
        Interruption interruption = new(terminal, "Stopping.");
        interruption.Dispose();
        PosixSignalContext context = new((PosixSignal)signal);
        interruption.Handle(context);
        Assert.IsTrue(context.Cancel, "The process goes on to its end.");
        Assert.AreEqual("", error.ToString());
    }

    [TestMethod]
    public void OneLineStartsATrainingAndGoesOnWithIt()
    {
        string[] train = [.. Tool.Training(Folder), "--resume", "auto", "--json"];
        using CancellationTokenSource stop = new();
        ToolResult stopped = Tool.Run(new StoppingWriter(stop, "step 3/16"), false, stop.Token, train);
        Assert.AreEqual(130, stopped.ExitCode, stopped.Error);
        Assert.AreEqual($"  revup {string.Join(' ', train)}", stopped.LastError);
        ToolResult resumed = Tool.Succeed(train);
        Assert.DoesNotContain("step 3/16", resumed.Error);
        Assert.AreEqual(16, resumed.Json.GetProperty("step").GetInt32());
    }

    [TestMethod]
    public void AStoppedDemonstrationGoesOnFromItsOwnRecipe()
    {
        using CancellationTokenSource stop = new();
        StoppingWriter error = new(stop, "step 3/16");
        ToolResult stopped = Tool.Run(
            error, false, stop.Token, "demo", "--recipe", Tool.WriteTinyRecipe(Folder), "--output", Folder["demo"],
            "--threads", "1");
        Assert.AreEqual(130, stopped.ExitCode, stopped.Error);
        ToolResult resumed = Tool.Succeed(stopped.LastError.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..]);
        Assert.Contains("step 4/16", resumed.Error);
    }

    [TestMethod]
    [DataRow("TERM", 1)]
    [DataRow("INT", 1)]
    [DataRow("HUP", 2)]
    [DataRow("USR1", 2)]
    [DataRow("USR2", 2)]
    public void ASignalStopsTheProcessAfterACheckpoint(string signal, int times)
    {
        // A shell ignores INT for what it starts in the background, and nohup HUP: the child would
        // inherit that.
        using Process process = ToolProcess.StartBehind(["env", "--default-signal"], Endless(Folder));
        process.WaitFor("step 1/");
        for (int i = 0; i < times; i++)
        {
            Send(signal, process);
        }
        AssertSaved(process, Folder["run"]);
    }

    [TestMethod]
    [DataRow("HUP")]
    [DataRow("USR1")]
    [DataRow("USR2")]
    public void ASignalThatComesTooLateToStopAnythingLeavesTheTrainingASuccess(string signal)
    {
        // The pipe of the output is full, so that the summary, behind which nothing comes, waits.
        const int PipeBytes = 65536;
        using Process process = ToolProcess.StartBehind(
            ["env", "--default-signal", "sh", "-c", $"head -c {PipeBytes} /dev/zero; exec \"$0\" \"$@\""],
            [.. Tool.Training(Folder), "--json"]);
        process.WaitFor("step 16/16");
        Assert.IsTrue(SpinWait.SpinUntil(() => IsWritingItsOutput(process), TimeSpan.FromMinutes(2)));
        Send(signal, process);
        ToolResult result = process.Finish();
        Assert.AreEqual(0, result.ExitCode, result.Error);
        Assert.Contains("\"step\": 16", result.Output);
    }

    [TestMethod]
    public void UnderNohupATrainingOutlivesItsTerminal()
    {
        using Process process = ToolProcess.StartBehind(["nohup"], Endless(Folder));
        process.WaitFor("step 1/");
        Send("HUP", process);
        process.WaitFor("epoch 100/");
        Send("TERM", process);
        AssertSaved(process, Folder["run"]);
    }

    [TestMethod]
    public void ATerminalThatCannotBeWrittenEndsNoTraining()
    {
        ToolResult result = Tool.Run(new ClosedWriter(), false, default, [.. Tool.Training(Folder), "--json"]);
        Assert.AreEqual(0, result.ExitCode);
        Assert.AreEqual(16, result.Json.GetProperty("step").GetInt32());
    }

    private static string[] Endless(TemporaryFolder folder) =>
        [.. Tool.Training(folder), "--set", "training.epochs=100000"];

    private static void Send(string signal, Process process)
    {
        string id = process.Id.ToString(CultureInfo.InvariantCulture);
        using Process kill = Process.Start("kill", [$"-{signal}", id]);
        kill.WaitForExit();
    }

    // The main thread's system call is a write to the pipe that the output is.
    private static bool IsWritingItsOutput(Process process)
    {
        string folder = $"/proc/{process.Id}";
        string write = RuntimeInformation.ProcessArchitecture == Processor.Arm64 ? "64" : "1";
        return File.ReadAllText(folder + "/syscall").Split(' ') is [{ } call, { } file, ..] && call == write
            && Link($"{Convert.ToInt32(file, 16)}") == Link("1");

        string? Link(string descriptor) => new FileInfo($"{folder}/fd/{descriptor}").LinkTarget;
    }

    private static void AssertSaved(Process process, string run)
    {
        ToolResult result = process.Finish();
        Assert.AreEqual(130, result.ExitCode, result.Error);
        Assert.Contains("--resume", result.Error);
        Assert.IsNotEmpty(Directory.GetDirectories(Path.Combine(run, "checkpoints")));
    }

    private sealed class ClosedWriter : StringWriter
    {
        public override void Write(char value) => throw new IOException("Input/output error");

        public override void Write(string? value) => throw new IOException("Input/output error");

        public override void WriteLine(string? value) => throw new IOException("Input/output error");
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
