using System.Diagnostics;
using System.Text.Json;
using RevUp.Backends.Cpu;
using RevUp.Distributed;
using RevUp.Tensors;
using RevUp.Training;

namespace RevUp.Benchmarks.Studies;

/// <summary>Times of the ranks of one launcher, in milliseconds.</summary>
/// <param name="Join">From loading the library to knowing the ranks.</param>
/// <param name="Message">A maximum of one number.</param>
/// <param name="Sum">A sum of all gradients in the library's order.</param>
/// <param name="OrderedSum">The same in the order of the ranks.</param>
internal sealed record RankSums(double Join, double Message, double Sum, double OrderedSum)
{
    /// <summary>The command of a rank: ELEMENTS ROUNDS.</summary>
    public const string WorkerName = "rank-sums";

    private const int Warmups = 3;

    /// <summary>The rank; the first one writes the medians as JSON.</summary>
    public static void Work(string[] arguments)
    {
        (int elements, int rounds) = (int.Parse(arguments[0]), int.Parse(arguments[1]));
        long start = Stopwatch.GetTimestamp();
        using Collective ranks = Collective.Join(RankEnvironment.Current());
        double join = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        using CpuBackend backend = new(threads: 1);
        Tensor gradients = backend.Memory.Allocate(
            new Shape(elements), ElementType.Float32, MemoryPurpose.Gradients);
        backend.Fill(gradients, 1);
        using GradientSum ordered = new(backend, gradients, ranks, passes: 1);
        double[] number = [1];
        double[] messages = Time(() => ranks.Maximum(number, "a number"));
        double[] sums = Time(() => ranks.Sum(gradients, "the gradients"));
        double[] orderedSums = Time(() => ordered.Complete(done: 1));
        if (ranks.IsFirst)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(new RankSums(
                join, Statistics.Median(messages), Statistics.Median(sums), Statistics.Median(orderedSums))));
        }

        double[] Time(Action sum)
        {
            double[] times = new double[rounds];
            for (int round = -Warmups; round < rounds; round++)
            {
                long begin = Stopwatch.GetTimestamp();
                sum();
                times[Math.Max(0, round)] = Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
            }
            return times;
        }
    }
}
