namespace RevUp.Interop.Tests.Support;

/// <summary>
/// Native memory as the ABI wants it, between two guards that are checked on disposal, so that a
/// write outside the tensor fails the test. The content starts as bytes of 0xFF, a NaN in every
/// type, so that a result nobody wrote, or one computed from it, is seen.
/// </summary>
internal sealed unsafe class AlignedBuffer : IDisposable
{
    // A kernel that misses its scratch does so by a few rows of a tensor; those within the guard
    // fail the test without taking the process along.
    private const int GuardBytes = 128 * CpuLibrary.Alignment;
    private const byte Guard = 0xA5;

    private readonly byte* _memory;
    private readonly int _bytes;

    internal AlignedBuffer(int bytes)
    {
        _bytes = bytes;
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)(bytes + (2 * GuardBytes)), CpuLibrary.Alignment);
        new Span<byte>(_memory, bytes + (2 * GuardBytes)).Fill(Guard);
        new Span<byte>(Pointer, bytes).Fill(0xFF);
    }

    internal byte* Pointer => _memory + GuardBytes;

    public void Dispose()
    {
        bool before = new Span<byte>(_memory, GuardBytes).ContainsAnyExcept(Guard);
        bool after = new Span<byte>(Pointer + _bytes, GuardBytes).ContainsAnyExcept(Guard);
        NativeMemory.AlignedFree(_memory);
        if (before || after)
        {
            throw new InvalidOperationException(
                $"The native call wrote {(before ? "before" : "after")} a buffer of {_bytes} bytes; it must stay "
                + "within it.");
        }
    }
}
