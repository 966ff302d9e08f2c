namespace RevUp.Interop.Tests.Nccl;

/// <summary>
/// A variable of the environment that native code reads, which is not the runtime's copy. Its
/// disposal removes it.
/// </summary>
internal sealed partial class Variable : IDisposable
{
    private readonly string _name;

    internal Variable(string name, string? value)
    {
        _name = name;
        if (value is not null)
        {
            Assert.AreEqual(0, Set(name, value, overwrite: 1));
        }
    }

    internal static string? Read(string name) => Marshal.PtrToStringUTF8(Get(name));

    public void Dispose() => _ = Unset(_name);

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Set(string name, string value, int overwrite);

    [LibraryImport("libc", EntryPoint = "getenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Get(string name);

    [LibraryImport("libc", EntryPoint = "unsetenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Unset(string name);
}
