using RevUp.Interop;

namespace RevUp.Backends;

/// <summary>Runs what Dispose does.</summary>
internal static class Quietly
{
    /// <summary>
    /// Runs <paramref name="release"/> and drops a refusal of the device. A device that is lost
    /// refuses every call, its release too; the exception of the call that lost it says more.
    /// </summary>
    public static void Do(Action release)
    {
        try
        {
            release();
        }
        catch (NativeException)
        {
        }
    }
}
