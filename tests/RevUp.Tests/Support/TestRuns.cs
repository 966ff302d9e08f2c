using System.Text.Json.Nodes;

namespace RevUp.Tests.Support;

/// <summary>
/// Runs of a recipe, each on a backend of its own as in a process of its own, and what they leave
/// in their folders.
/// </summary>
internal static class TestRuns
{
    public const string Model = "model.safetensors";
    public const string Optimizer = "optimizer.safetensors";

    /// <summary>
    /// A small CPU backend; one thread, because the networks are so small that more would wait for
    /// each other.
    /// </summary>
    public static CpuBackend Backend(int threads = 1) => new(threads, capacity: 64 << 20);

    /// <summary>Trains to the end.</summary>
    public static RunSummary Finish(Recipe recipe, string folder, bool resume = false, int threads = 1) =>
        Train(recipe, folder, resume, null, CancellationToken.None, threads);

    /// <summary>Stops as Ctrl-C does: the step is finished and a checkpoint written.</summary>
    public static RunSummary StopAfter(long step, Recipe recipe, string folder, bool resume = false)
    {
        using CancellationTokenSource stop = new();
        void Stop(TrainingProgress progress)
        {
            if (progress.Step == step)
            {
                stop.Cancel();
            }
        }
        return Train(recipe, folder, resume, Stop, stop.Token);
    }

    /// <summary>
    /// Ends without a chance to write anything more, as if the process had been killed.
    /// </summary>
    public static void KillAfter(long step, Recipe recipe, string folder)
    {
        TimeoutException kill = new("killed");
        void Kill(TrainingProgress progress)
        {
            if (progress.Step == step)
            {
                throw kill;
            }
        }
        Assert.AreSame(
            kill,
            Assert.ThrowsExactly<TimeoutException>(
                () => Train(recipe, folder, resume: false, Kill, CancellationToken.None)));
    }

    public static RunSummary Train(
        Recipe recipe, string folder, bool resume, Action<TrainingProgress>? progress, CancellationToken stop,
        int threads = 1)
    {
        using CpuBackend backend = Backend(threads);
        using TrainingRun run = new(backend, recipe, folder, resume);
        return run.Run(progress, stop);
    }

    /// <summary>The newest checkpoint of a run.</summary>
    public static CheckpointEntry Newest(string folder) =>
        new CheckpointFolder(Path.Combine(folder, Checkpoint.FolderName), keep: 1)
            .Latest() ?? throw new AssertFailedException($"{folder} has no checkpoint");

    /// <summary>
    /// All parameters, power-iteration state and moments, and the step, are the same bits.
    /// </summary>
    public static void AssertSameState(string expected, string actual)
    {
        Assert.AreEqual(Newest(expected).Step, Newest(actual).Step);
        CollectionAssert.AreEqual(Bytes(expected, Model), Bytes(actual, Model), "parameters or state differ");
        CollectionAssert.AreEqual(Bytes(expected, Optimizer), Bytes(actual, Optimizer), "moments differ");
    }

    /// <summary>A file of a run's newest checkpoint.</summary>
    public static byte[] Bytes(string folder, string file) =>
        File.ReadAllBytes(Path.Combine(Newest(folder).Path, file));

    /// <summary>
    /// The lines of a run's metrics without the times, which differ from run to run.
    /// </summary>
    public static string[] Metrics(string folder) =>
        [.. File.ReadLines(Path.Combine(folder, MetricsLog.FileName)).Select(WithoutTimes)];

    /// <summary>Changes one bit in the middle of a file.</summary>
    public static void Damage(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(path, bytes);
    }

    private static string WithoutTimes(string line)
    {
        JsonObject json = JsonNode.Parse(line)!.AsObject();
        json.Remove("milliseconds");
        foreach (string name in (string[])["waitMilliseconds", "slowestRank", "slowestRankWaitMilliseconds"])
        {
            json.Remove(name);
        }
        return json.ToJsonString();
    }
}
