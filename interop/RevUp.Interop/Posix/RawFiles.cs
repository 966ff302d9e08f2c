using Microsoft.Win32.SafeHandles;

namespace RevUp.Interop.Posix;

/// <summary>
/// Lists folders and opens files whose names are not UTF-8, which the framework cannot name.
/// </summary>
internal static unsafe partial class RawFiles
{
    private const string Library = "libc";
    private const int ReadOnly = 0;
    private const int CloseOnExec = 0x80000;

    // struct dirent of glibc and musl on 64 bits: inode, offset, length, type, name.
    private const int TypeAt = 18;
    private const int NameAt = 19;
    private const byte Folder = 4;
    private const byte File = 8;

    /// <summary>The entries of a folder, in the system's order.</summary>
    /// <exception cref="IOException">The folder cannot be listed.</exception>
    public static List<RawEntry> List(string folder)
    {
        nint open = OpenFolder(RawName.Encode(folder));
        if (open == 0)
        {
            throw Failed(folder);
        }
        List<RawEntry> entries = [];
        try
        {
            while (ReadFolder(open) is var entry && entry != null)
            {
                string name = RawName.Decode(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(entry + NameAt));
                if (name is not ("." or ".."))
                {
                    entries.Add(new RawEntry(name, IsFolder($"{folder}/{name}", entry[TypeAt])));
                }
            }
        }
        finally
        {
            _ = CloseFolder(open);
        }
        return entries;
    }

    /// <summary>Opens a file for reading.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static SafeFileHandle Open(string path)
    {
        int file = OpenFile(RawName.Encode(path), ReadOnly | CloseOnExec);
        return file >= 0 ? new SafeFileHandle(file, ownsHandle: true) : throw Failed(path);
    }

    // A link, or a file system that does not say: whatever can be listed is a folder.
    private static bool IsFolder(string path, byte type)
    {
        if (type is Folder or File)
        {
            return type == Folder;
        }
        nint open = OpenFolder(RawName.Encode(path));
        if (open != 0)
        {
            _ = CloseFolder(open);
        }
        return open != 0;
    }

    private static IOException Failed(string path)
    {
        int code = Marshal.GetLastPInvokeError();
        return new IOException($"{path}: {Marshal.GetPInvokeErrorMessage(code)}.", code);
    }

    [LibraryImport(Library, EntryPoint = "opendir", SetLastError = true)]
    private static partial nint OpenFolder(byte[] path);

    [LibraryImport(Library, EntryPoint = "readdir")]
    private static partial byte* ReadFolder(nint folder);

    [LibraryImport(Library, EntryPoint = "closedir")]
    private static partial int CloseFolder(nint folder);

    [LibraryImport(Library, EntryPoint = "open", SetLastError = true)]
    private static partial int OpenFile(byte[] path, int flags);
}
