using RevUp.Interop.Cpu;
using RevUp.Tensors;

namespace RevUp.Backends.Cpu;

/// <summary>The address range behind a CPU backend's arena. Pages cost nothing until they are touched.</summary>
internal sealed unsafe class CpuMemory : IDisposable
{
    private void* _start;
    private readonly long _bytes;

    /// <param name="capacity">Bytes, or 0 for all memory that the machine (or its container) has available now.</param>
    /// <param name="poison">Fill freed memory with NaN, to make a read of it visible.</param>
    public CpuMemory(long capacity, bool poison)
    {
        _bytes = capacity > 0 ? capacity : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        void* start;
        CpuLibrary.Reserve(_bytes, &start).Check();
        _start = start;
        Arena = new Arena((nint)start, _bytes, poison ? FillWithNaN : null);
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

    private static void FillWithNaN(nint address, long bytes) => CpuLibrary.Fill(bytes / sizeof(float), float.NaN, (float*)address).Check();
}
