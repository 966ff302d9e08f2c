using RevUp.Interop.Cpu;

namespace RevUp.Backends.Cpu;

/// <summary>
/// The number of threads that a backend computes with. The native library keeps a number for each
/// calling thread, so the thread that drives a backend sets the backend's: backends side by side
/// keep their own numbers.
/// </summary>
/// <param name="count">Threads.</param>
internal sealed class CpuThreads(int count)
{
    [ThreadStatic]
    private static int s_current; // of the backend in whose call the thread is; 0 outside

    private int _before;

    /// <summary>
    /// The calling thread computes with this number, until <see cref="Leave"/>.
    /// </summary>
    public void Enter()
    {
        (_before, s_current) = (s_current, count);
        CpuLibrary.SetThreads(count).Check();
    }

    /// <summary>
    /// In a call of another backend, the calling thread has that backend's number again.
    /// </summary>
    public void Leave()
    {
        s_current = _before;
        if (_before != 0)
        {
            CpuLibrary.SetThreads(_before).Check();
        }
    }
}
