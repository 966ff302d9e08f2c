namespace RevUp.Interop.Nccl;

/// <summary>
/// The name of a communicator before it exists, opaque (ncclUniqueId): 128 bytes that all ranks
/// have in common.
/// </summary>
[InlineArray(Bytes)]
internal struct NcclUniqueId
{
    /// <summary>Length.</summary>
    public const int Bytes = 128;

    private byte _first;

    /// <summary>The name that another rank has sent.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer than 128 bytes.</exception>
    public static NcclUniqueId Read(ReadOnlySpan<byte> bytes) => MemoryMarshal.Read<NcclUniqueId>(bytes);

    /// <summary>The bytes, to send them.</summary>
    public readonly byte[] ToArray() => [.. this];
}

/// <summary>
/// Settings of a communicator (ncclConfig_t), as of version 2.14. Later versions have more fields
/// and accept this one: they read the size and the version first.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct NcclConfiguration()
{
    private readonly nuint _size = (nuint)Unsafe.SizeOf<NcclConfiguration>();
    private readonly uint _magic = 0xcafebeef;
    private readonly uint _version = NcclLibrary.OldestVersion;

    /// <summary>Whether a call returns once its work is enqueued, rather than before.</summary>
    private readonly int _blocking = 1;
}
