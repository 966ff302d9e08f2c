// The peer of the step study: BLOCKS BATCH THREADS. One training step for every line on standard
// input, answered by one line of JSON.
using System.Diagnostics;
using System.Text.Json;
using TorchSharp;
using TorchSharpPeer;
using static TorchSharp.torch;

int batch = int.Parse(args[1]);
set_num_threads(int.Parse(args[2]));
random.manual_seed(1);
using PeerNet net = new(blocksPerStage: int.Parse(args[0]), classes: 10);
using var optimizer = optim.SGD(net.parameters(), learningRate: 0.01, momentum: 0.9, weight_decay: 5e-4);
using Tensor pixels = Layout.ChannelsLast(randn(batch, 3, 32, 32));
using Tensor labels = randint(0, 10, [batch], dtype: ScalarType.Int64);
long parameters = net.parameters().Sum(parameter => parameter.numel());

while (Console.In.ReadLine() is not null)
{
    long start = Stopwatch.GetTimestamp();
    using (NewDisposeScope())
    {
        optimizer.zero_grad();
        Tensor loss = nn.functional.cross_entropy(net.forward(pixels), labels);
        loss.backward();
        optimizer.step();
        // As RevUp does, the step ends by reading the loss.
        if (!float.IsFinite(loss.ToSingle()))
        {
            throw new InvalidOperationException("The peer's loss is not finite; its times would not be comparable.");
        }
    }
    double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    Console.Out.WriteLine(
        JsonSerializer.Serialize(
            new { Milliseconds = milliseconds, Parameters = parameters, ProcessPeakBytes = PeakBytes() }));
}

static long PeakBytes()
{
    string line =
        File.ReadLines("/proc/self/status").First(text => text.StartsWith("VmHWM:", StringComparison.Ordinal));
    return 1024 * long.Parse(line["VmHWM:".Length..^"kB".Length]);
}
