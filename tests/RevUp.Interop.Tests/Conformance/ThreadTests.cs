namespace RevUp.Interop.Tests.Conformance;

/// <summary>
/// The threads of the native library: every part of a loop is done once, whoever calls and however
/// many share it.
/// </summary>
[TestClass]
[DoNotParallelize]
internal sealed unsafe class ThreadTests
{
    private const int Callers = 4;
    private const int Loops = 300;

    // Parts of an odd number of elements, and more elements than one thread takes at a time.
    private const int Count = 300_007;

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(7)]
    internal void LoopsOfSeveralCallersDoNotMix(int threads)
    {
        Exception?[] failures = new Exception?[Callers];
        Thread[] callers =
            [.. Enumerable.Range(0, Callers).Select(caller => new Thread(() => Call(caller, threads, failures)))];
        Array.ForEach(callers, thread => thread.Start());
        Array.ForEach(callers, thread => thread.Join());
        Assert.IsTrue(
            failures.All(failure => failure is null), $"{failures.FirstOrDefault(failure => failure is not null)}");
    }

    [TestMethod]
    internal void ANumberOfThreadsIsOfTheCallingThreadAlone()
    {
        CpuLibrary.SetThreads(3).Check();
        string? other = null;
        Thread thread = new(() =>
        {
            CpuLibrary.SetThreads(5).Check();
            other = Describe();
        });
        thread.Start();
        thread.Join();
        StringAssert.EndsWith(other, ", 5 threads");
        StringAssert.EndsWith(Describe(), ", 3 threads");
        CpuLibrary.SetThreads(Environment.ProcessorCount).Check();
    }

    private static string Describe()
    {
        byte* text = stackalloc byte[256];
        CpuLibrary.Describe(text, 256).Check();
        return new((sbyte*)text);
    }

    private static void Call(int caller, int threads, Exception?[] failures)
    {
        try
        {
            CpuLibrary.SetThreads(threads).Check();
            using AlignedBuffer first = new(Count * sizeof(float));
            using AlignedBuffer second = new(Count * sizeof(float));
            using AlignedBuffer third = new(sizeof(float));
            float* x = (float*)first.Pointer, y = (float*)second.Pointer, one = (float*)third.Pointer;
            *one = 1;
            CpuLibrary.Fill(Count, y, 0).Check();
            for (int loop = 1; loop <= Loops; loop++)
            {
                CpuLibrary.Fill(Count, x, caller + 1).Check();
                CpuLibrary.Axpy(Count, one, x, y).Check();
                double sum;
                CpuLibrary.Dot(Count, x, y, &sum).Check();
                // Small whole numbers: a part that is left out, or done twice, shows.
                Assert.AreEqual((double)Count * (caller + 1) * (caller + 1) * loop, sum);
            }
        }
        catch (Exception exception)
        {
            failures[caller] = exception;
        }
    }
}
