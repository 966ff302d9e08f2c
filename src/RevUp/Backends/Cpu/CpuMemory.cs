using RevUp.Interop.Cpu;
using RevUp.Interop.Posix;
using RevUp.Tensors;

namespace RevUp.Backends.Cpu;

/// <summary>
/// The address range behind a CPU backend's arena. Pages cost nothing until they are touched.
/// </summary>
internal sealed unsafe class CpuMemory : IDisposable
{
    private const long LeastBytes = 64 << 20;

    private readonly long _bytes;
    private void* _start;

    /// <param name="capacity">
    /// Bytes, or 0 for all memory that the machine (or its container) has available now.
    /// </param>
    /// <param name="poison">Fill freed memory with NaN, to make a read of it visible.</param>
    public CpuMemory(long capacity, bool poison)
    {
        _bytes = capacity > 0 ? capacity : Available();
        void* start;
        CpuLibrary.Reserve(_bytes, &start).Check();
        _start = start;
        Arena = new Arena((nint)start, _bytes, poison ? FillWithNaN : null, Pages.Discard);
    }

    public Arena Arena { get; }

    public void Dispose()
    {
        if (_start != null)
        {
            CpuLibrary.Release(_start, _bytes).Check();
            _start = null;
        }
    }

    /// <summary>
    /// All memory; under a limit on address space (ulimit -v) about half of what it leaves, because
    /// the runtime and the libraries will need some as well.
    /// </summary>
    private static long Available()
    {
        long all = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, bytes = all;
        while (bytes >= LeastBytes && !CanReserve(bytes))
        {
            bytes /= 2;
        }
        return bytes == all ? all : Math.Max(bytes / 2, LeastBytes);
    }

    private static bool CanReserve(long bytes)
    {
        void* start;
        CpuStatus status = CpuLibrary.Reserve(bytes, &start);
        if (status == CpuStatus.OutOfMemory)
        {
            return false;
        }
        status.Check();
        CpuLibrary.Release(start, bytes).Check();
        return true;
    }

    private static void FillWithNaN(nint address, long bytes) =>
        CpuLibrary.Fill(bytes / sizeof(float), (float*)address, float.NaN).Check();
}
