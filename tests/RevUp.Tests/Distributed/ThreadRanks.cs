using System.Runtime.InteropServices;
using RevUp.Distributed;

namespace RevUp.Tests.Distributed;

/// <summary>
/// Ranks that are threads of this process, so that a test sees what each of them holds. Ranks that
/// make different calls fail at once, instead of waiting for each other.
/// </summary>
internal sealed class ThreadRanks : IDisposable
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromMinutes(1);

    private readonly Barrier _barrier;
    private readonly CancellationTokenSource _failed = new();
    private readonly (string Call, object Value)[] _parts;

    private ThreadRanks(int size) => (_barrier, _parts) = (new Barrier(size), new (string, object)[size]);

    /// <summary>Results of all ranks, in their order.</summary>
    public static T[] Run<T>(int size, Func<Collective, T> work)
    {
        T[] results = new T[size];
        Exception?[] failures = Fail(size, ranks => results[ranks.Rank] = work(ranks));
        Exception? first = failures.FirstOrDefault(failure => failure is not null and not OperationCanceledException)
            ?? failures.FirstOrDefault(failure => failure is not null);
        return first is null ? results : throw new AssertFailedException(first.ToString(), first);
    }

    /// <summary>The exception that ended each rank; null where there was none.</summary>
    public static Exception?[] Fail(int size, Action<Collective> work)
    {
        using ThreadRanks meeting = new(size);
        Exception?[] failures = new Exception?[size];
        Thread[] threads = [.. Enumerable.Range(0, size).Select(rank => new Thread(() => failures[rank] = Try(rank)))];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }
        foreach (Thread thread in threads)
        {
            thread.Join();
        }
        return failures;

        Exception? Try(int rank)
        {
            using ThreadRank ranks = new(meeting, rank, size);
            try
            {
                work(ranks);
                return null;
            }
            catch (Exception exception)
            {
                // All ranks throw a refusal, each for itself; any other failure ends the others.
                if (!ReferenceEquals(exception, ranks.Refusal))
                {
                    meeting._failed.Cancel();
                }
                return exception;
            }
        }
    }

    public void Dispose()
    {
        _barrier.Dispose();
        _failed.Dispose();
    }

    // Every rank's value, in their order; values must not change before the next meeting.
    private T[] Meet<T>(int rank, string call, T value)
    {
        _parts[rank] = (call, value!);
        Wait();
        (string Call, object Value)[] all = [.. _parts];
        Wait();
        Assert.AreEqual(1, all.Select(part => part.Call).Distinct().Count(), string.Join(" | ", all));
        return [.. all.Select(part => (T)part.Value)];

        void Wait() => Assert.IsTrue(_barrier.SignalAndWait(s_deadline, _failed.Token), $"rank {rank} waits: {call}");
    }

    private sealed class ThreadRank(ThreadRanks meeting, int rank, int size) : Collective
    {
        public override int Rank => rank;

        public override int Size => size;

        public override string Library => "threads";

        public override void Sum(Tensor values, string what)
        {
            float[][] all = Meet("sum", what, Floats(values));
            float[] sum = [.. all[0]];
            foreach (float[] other in all.Skip(1))
            {
                for (int i = 0; i < sum.Length; i++)
                {
                    sum[i] += other[i];
                }
            }
            Marshal.Copy(sum, 0, values.Address, sum.Length);
        }

        public override void Maximum(Span<double> numbers, string what)
        {
            double[][] all = Meet("maximum", what, numbers.ToArray());
            for (int i = 0; i < numbers.Length; i++)
            {
                numbers[i] = all.Max(own => own[i]);
            }
        }

        public override void Broadcast(Span<byte> bytes, int root, string what) =>
            Meet($"broadcast of {root}", what, bytes.ToArray())[root].CopyTo(bytes);

        public override void Broadcast(Tensor values, string what) =>
            Marshal.Copy(Meet("broadcast", what, Floats(values))[0], 0, values.Address, (int)values.Count);

        public override void Gather(ReadOnlySpan<byte> own, Span<byte> all, string what) =>
            Meet("gather", what, own.ToArray()).SelectMany(part => part).ToArray().CopyTo(all);

        public override void Exchange(Tensor parts, Tensor received, string what)
        {
            int count = (int)parts.Count / size;
            float[] all = [.. Meet("exchange", what, Floats(parts)).SelectMany(own => own[(rank * count)..][..count])];
            Marshal.Copy(all, 0, received.Address, all.Length);
        }

        public override void Share(Tensor parts, string what)
        {
            int count = (int)parts.Count / size;
            float[][] all = Meet("share", what, Floats(parts));
            float[] joined = [.. all.SelectMany((own, other) => own[(other * count)..][..count])];
            Marshal.Copy(joined, 0, parts.Address, joined.Length);
        }

        public override void Abort(int code) => meeting._failed.Cancel();

        public override void Dispose()
        {
        }

        private T[] Meet<T>(string operation, string what, T value) =>
            meeting.Meet(rank, $"{operation}: {what}", value);

        private static float[] Floats(Tensor tensor)
        {
            float[] values = new float[tensor.Count];
            Marshal.Copy(tensor.Address, values, 0, values.Length);
            return values;
        }
    }
}
