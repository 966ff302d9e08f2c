using System.Runtime.InteropServices;
using System.Text;

namespace RevUp.Benchmarks.Studies;

/// <summary>
/// Edits which versions of other libraries' symbols a shared object needs: the section
/// .gnu.version_r of a 64-bit little-endian ELF file (Linux Standard Base, Symbol Versioning).
/// </summary>
internal static class SymbolVersions
{
    private const uint VersionNeedSection = 0x6ffffffe;
    private const ushort WeakFlag = 2;
    private const int SectionHeaderTable = 0x28;
    private const int SectionHeaderCount = 0x3c;
    private const int SectionHeaderSize = 64;

    /// <summary>
    /// Makes the need for a version weak: where the version is missing, the loader warns instead of
    /// refusing the file.
    /// </summary>
    /// <exception cref="StudyException">The file does not need this version.</exception>
    public static void Weaken(string path, string version)
    {
        byte[] file = File.ReadAllBytes(path);
        int needs = 0;
        long table = Read<long>(file, SectionHeaderTable);
        for (int i = 0; i < Read<ushort>(file, SectionHeaderCount); i++)
        {
            long header = table + i * SectionHeaderSize;
            if (Read<uint>(file, header + 4) == VersionNeedSection)
            {
                long strings = Read<long>(file, table + Read<uint>(file, header + 40) * SectionHeaderSize + 24);
                needs += Weaken(file, Read<long>(file, header + 24), strings, version);
            }
        }
        if (needs == 0)
        {
            throw new StudyException(
                $"{path} does not need {version}: the peer's package has changed. See which version it asks for "
                + "(objdump -p) and name that one instead.");
        }
        File.WriteAllBytes(path, file);
    }

    // Elf64_Verneed: version, count (2 bytes each), file, first auxiliary entry, next;
    // Elf64_Vernaux: hash (4), flags, other (2 each), name, next.
    private static int Weaken(byte[] file, long need, long strings, string version)
    {
        int needs = 0;
        uint step;
        do
        {
            long entry = need + Read<uint>(file, need + 8);
            for (int i = 0; i < Read<ushort>(file, need + 2); i++, entry += Read<uint>(file, entry + 12))
            {
                if (Name(file, strings + Read<uint>(file, entry + 8)) == version)
                {
                    MemoryMarshal.Write(
                        file.AsSpan((int)entry + 4), (ushort)(Read<ushort>(file, entry + 4) | WeakFlag));
                    needs++;
                }
            }
            step = Read<uint>(file, need + 12);
            need += step;
        }
        while (step != 0);
        return needs;
    }

    private static string Name(byte[] file, long offset)
    {
        ReadOnlySpan<byte> rest = file.AsSpan((int)offset);
        return Encoding.ASCII.GetString(rest[..rest.IndexOf((byte)0)]);
    }

    private static T Read<T>(byte[] file, long offset) where T : unmanaged =>
        MemoryMarshal.Read<T>(file.AsSpan((int)offset));
}
