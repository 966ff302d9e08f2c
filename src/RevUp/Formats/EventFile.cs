using System.Numerics;

namespace RevUp.Formats;

/// <summary>
/// A TensorBoard event file, "events.out.tfevents.TIME.NUMBER.revup": Event messages in the
/// TFRecord framing, each as its length (8 bytes), the masked CRC-32C of those, the message, and
/// its masked CRC-32C (tensorflow/core/lib/io/record_writer.h, tensorflow/core/util/event.proto).
/// </summary>
internal sealed class EventFile : IDisposable
{
    private const string Prefix = "events.out.tfevents.";
    private const string Suffix = ".revup";

    private const int LengthBytes = sizeof(ulong);
    private const int CrcBytes = sizeof(uint);

    // Event: wall_time and step come first, as tag and double and as tag and varint, so that
    // Truncate finds the step without a parser.
    private const int WallTimeField = 1;
    private const int StepField = 2;
    private const int VersionField = 3;
    private const int SummaryField = 5;
    private const int StepOffset = 1 + sizeof(double);

    private readonly FileStream _file;
    private readonly ProtobufMessage _event = new();

    /// <summary>
    /// Cuts what comes after <paramref name="lastStep"/> off the folder's own files, because a
    /// resumed run does it again, and begins a new one. Files of other writers stay as they are.
    /// </summary>
    public EventFile(string folder, long lastStep)
    {
        string[] earlier = [.. Directory.GetFiles(folder).Where(path => IsOwn(Path.GetFileName(path)))];
        foreach (string path in earlier)
        {
            Truncate(path, lastStep);
        }
        // TensorBoard reads the files in the order of their names.
        long time = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        string name = string.Create(CultureInfo.InvariantCulture, $"{Prefix}{time:D10}.{earlier.Length}{Suffix}");
        _file = new FileStream(
            Path.Combine(folder, name), FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 1 << 16);
        Begin(step: 0).Text(VersionField, "brain.Event:2");
        WriteRecord();
    }

    /// <summary>Whether a file of this name is one that this class wrote.</summary>
    public static bool IsOwn(string name) =>
        name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(Suffix, StringComparison.Ordinal);

    /// <summary>Appends one Event with this Summary.</summary>
    public void Write(long step, ProtobufMessage summary)
    {
        Begin(step).Message(SummaryField, summary);
        WriteRecord();
    }

    public void Flush() => _file.Flush();

    public void Dispose() => _file.Dispose();

    /// <summary>
    /// ((crc &gt;&gt; 15) | (crc &lt;&lt; 17)) + a282ead8, so that the checksum of data which
    /// contains checksums is no fixed point.
    /// </summary>
    public static uint MaskedCrc(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        for (; data.Length >= sizeof(ulong); data = data[sizeof(ulong)..])
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(data));
        }
        foreach (byte value in data)
        {
            crc = BitOperations.Crc32C(crc, value);
        }
        return BitOperations.RotateRight(~crc, 15) + 0xa282ead8;
    }

    private ProtobufMessage Begin(long step) => _event.Clear()
        .Double(WallTimeField, (DateTime.UtcNow - DateTime.UnixEpoch).TotalSeconds)
        .Integer(StepField, step);

    private void WriteRecord()
    {
        Span<byte> head = stackalloc byte[LengthBytes + CrcBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(head, (ulong)_event.Bytes.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(head[LengthBytes..], MaskedCrc(head[..LengthBytes]));
        _file.Write(head);
        _file.Write(_event.Bytes);
        Span<byte> crc = head[..CrcBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(crc, MaskedCrc(_event.Bytes));
        _file.Write(crc);
    }

    // Steps only grow within a file. A record that a killed process left incomplete goes too.
    private static void Truncate(string path, long lastStep)
    {
        using FileStream file = File.Open(path, FileMode.Open, FileAccess.ReadWrite);
        long end = 0;
        while (SkipRecord(file) is long step && step <= lastStep)
        {
            end = file.Position;
        }
        file.SetLength(end);
    }

    // The step of the next record, or null when there is no whole one.
    private static long? SkipRecord(FileStream file)
    {
        Span<byte> head = stackalloc byte[LengthBytes + CrcBytes];
        if (file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) < head.Length)
        {
            return null;
        }
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(head);
        if (length <= StepOffset + 1 || length > (ulong)(file.Length - file.Position - CrcBytes))
        {
            return null;
        }
        long next = file.Position + (long)length + CrcBytes;
        file.Position += StepOffset + 1;
        long step = 0;
        int value = 0x80;
        for (int shift = 0; value >= 0x80; shift += 7)
        {
            value = file.ReadByte();
            step |= (value & 0x7fL) << shift;
        }
        file.Position = next;
        return step;
    }
}
