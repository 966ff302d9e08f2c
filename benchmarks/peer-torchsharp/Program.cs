// The peer of two studies. `step BLOCKS BATCH THREADS` trains the classifier of the study `step`,
// `unet EDGE NORM MODE THREADS` the U-Net of the study `unet`. One training step for every
// line on standard input, answered by one line of JSON.
using System.Diagnostics;
using System.Text.Json;
using TorchSharpPeer;
using static TorchSharp.torch;

set_num_threads(int.Parse(args[^1]));
random.manual_seed(1);
using IPeerStep step = args[0] == "unet"
    ? new UNetStep(
        int.Parse(args[1]), isNormalized: args[2] == "instance-norm", recomputes: args[3] == "checkpoint")
    : new ClassifierStep(blocksPerStage: int.Parse(args[1]), batch: int.Parse(args[2]));

while (Console.In.ReadLine() is not null)
{
    long start = Stopwatch.GetTimestamp();
    TimeSpan processor = Process.GetCurrentProcess().TotalProcessorTime;
    float loss = step.Run();
    // As RevUp does, the step ends by reading the loss.
    if (!float.IsFinite(loss))
    {
        throw new InvalidOperationException("The peer's loss is not finite; its times would not be comparable.");
    }
    double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    double seconds = (Process.GetCurrentProcess().TotalProcessorTime - processor).TotalSeconds;
    Console.Out.WriteLine(
        JsonSerializer.Serialize(
            new
            {
                Milliseconds = milliseconds, ProcessorSeconds = seconds, step.Parameters,
                ProcessPeakBytes = PeakBytes(), Loss = loss,
            }));
}

static long PeakBytes()
{
    string line =
        File.ReadLines("/proc/self/status").First(text => text.StartsWith("VmHWM:", StringComparison.Ordinal));
    return 1024 * long.Parse(line["VmHWM:".Length..^"kB".Length]);
}
