using System.Globalization;
using RevUp.Backends;
using RevUp.Backends.Cpu;

namespace RevUp.Planning;

/// <summary>
/// Memory that the operating system counts for this process, everything included: runtime,
/// libraries, generated code.
/// </summary>
internal static class ProcessMemory
{
    /// <summary>
    /// Starts the peak again from the memory that is resident now, where the kernel allows it
    /// (Linux).
    /// </summary>
    public static void ResetPeak()
    {
        GC.Collect();
        try
        {
            File.WriteAllText("/proc/self/clear_refs", "5");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Without the permission, peaks only grow: a later measurement may show an earlier,
            // larger one.
        }
    }

    /// <summary>
    /// Bytes of a device that nobody uses now. The CPU's are the memory of the machine, or of the
    /// container's limit, that other programs and this one leave.
    /// </summary>
    public static long FreeBytes(Backend backend)
    {
        if (backend is not CpuBackend)
        {
            return backend.Memory.Capacity;
        }
        // The load is known from the last collection.
        GC.Collect();
        GCMemoryInfo info = GC.GetGCMemoryInfo();
        return Math.Min(backend.Memory.Capacity, info.TotalAvailableMemoryBytes - info.MemoryLoadBytes);
    }

    /// <summary>
    /// The most bytes that were resident at once (VmHWM); 0 where the system does not tell.
    /// </summary>
    public static long PeakBytes()
    {
        const string Key = "VmHWM:";
        const string Status = "/proc/self/status";
        string? line = File.Exists(Status)
            ? File.ReadLines(Status).FirstOrDefault(l => l.StartsWith(Key, StringComparison.Ordinal))
            : null;
        return line is null ? 0 : 1024 * long.Parse(line[Key.Length..^2].Trim(), CultureInfo.InvariantCulture);
    }
}
