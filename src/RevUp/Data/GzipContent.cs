using System.IO.Compression;
using Microsoft.Win32.SafeHandles;
using RevUp.Formats;

namespace RevUp.Data;

/// <summary>
/// Content of a gzip file (RFC 1952): any number of members, then zero bytes or nothing. Every
/// member must end with the checksum and the length of its content.
/// </summary>
/// <remarks>
/// <see cref="GZipStream"/> takes a stream that ends before its checksum for a whole one, and
/// ignores what follows the last member. A
/// <see cref="DeflateStream"/> reads ahead and does not say how far. So the end of a member is
/// found by its trailer: the eight bytes that are the checksum and length of what was unfolded.
/// </remarks>
internal sealed class GzipContent : Stream
{
    // A file that unfolds to more than this, and to more than MaximumExpansion times its size, is
    // made to fill memory.
    private const int LargestUnquestioned = 1 << 26;

    /// <summary>
    /// Largest ratio of content to file; images and volumes compress to a tenth at best.
    /// </summary>
    public const int MaximumExpansion = 200;

    private const int FixedHeader = 10;
    private const int TrailerLength = 8;
    private const int SearchLength = 1 << 13; // the most that the decompressor is given at once

    private readonly string _path;
    private readonly FileStream _file;
    private readonly SafeFileHandle _handle;
    private readonly byte[] _block = new byte[SearchLength + TrailerLength];
    private Feed _feed;
    private DeflateStream _member;
    private uint _checksum;
    private uint _memberLength;
    private long _position;
    private bool _ended;

    /// <summary>Takes over the file, whose position is a member's start.</summary>
    /// <exception cref="DataFileException">The member's header is cut.</exception>
    public GzipContent(string path, FileStream file)
    {
        (_path, _file, _handle) = (path, file, file.SafeFileHandle);
        (_feed, _member) = Begin(0);
    }

    /// <summary>Length of the compressed file in bytes.</summary>
    public long CompressedLength => _file.Length;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    /// <summary>Bytes unfolded so far.</summary>
    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    /// <exception cref="DataFileException">The file is cut or damaged, or unfolds to far more than
    /// its size.</exception>
    public override int Read(Span<byte> buffer)
    {
        while (!_ended && buffer.Length > 0)
        {
            int read = Unfold(buffer);
            if (read > 0)
            {
                _checksum = Crc32.Append(_checksum, buffer[..read]);
                _memberLength += (uint)read;
                _position += read;
                RequireProportion();
                return read;
            }
            Next(EndOfMember());
        }
        return 0;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _member.Dispose();
            _file.Dispose();
        }
        base.Dispose(disposing);
    }

    private int Unfold(Span<byte> buffer)
    {
        try
        {
            return _member.Read(buffer);
        }
        catch (InvalidDataException exception)
        {
            throw Damaged($"the gzip stream is damaged before byte {_feed.At} of the file", exception);
        }
    }

    private void RequireProportion()
    {
        DataFileException.Require(
            _position <= LargestUnquestioned || _position / MaximumExpansion <= _file.Length, _path, _position,
            $"its {_file.Length} bytes unfold to over {MaximumExpansion} times as many; unfold it yourself if that "
            + $"is meant.");
    }

    // The first place of the file behind the member that just ended.
    private long EndOfMember()
    {
        Span<byte> trailer = stackalloc byte[TrailerLength];
        BinaryPrimitives.WriteUInt32LittleEndian(trailer, _checksum);
        BinaryPrimitives.WriteUInt32LittleEndian(trailer[sizeof(uint)..], _memberLength);
        long start = Math.Max(_feed.Start, _feed.At - SearchLength);
        Span<byte> tail = _block.AsSpan(0, (int)(_feed.At - start) + TrailerLength);
        int found = tail[..RandomAccess.Read(_handle, tail, start)].IndexOf(trailer);
        if (found >= 0)
        {
            return start + found + TrailerLength;
        }
        throw _feed.At + TrailerLength > _file.Length
            ? Damaged("the gzip stream is cut, or its checksum is wrong")
            : Damaged($"the gzip stream does not have the checksum that byte {_feed.At} of the file states");
    }

    private void Next(long start)
    {
        long at = SkipZeros(start);
        if (at == _file.Length)
        {
            _ended = true;
            return;
        }
        Span<byte> magic = stackalloc byte[2];
        DataFileException.Require(
            RandomAccess.Read(_handle, magic, at) == magic.Length && magic is [0x1F, 0x8B], _path, _position,
            $"byte {at} of the file, after its gzip stream, is neither zero nor a further stream; keep the first "
            + $"{start} bytes of the file, or fetch it again.");
        _member.Dispose();
        (_feed, _member) = Begin(at);
        (_checksum, _memberLength) = (0, 0);
    }

    private long SkipZeros(long at)
    {
        while (true)
        {
            int read = RandomAccess.Read(_handle, _block, at);
            int other = _block.AsSpan(0, read).IndexOfAnyExcept((byte)0);
            if (other >= 0 || read == 0)
            {
                return at + Math.Max(other, 0);
            }
            at += read;
        }
    }

    // Behind the header: ten bytes, and by their flags an extra field, a name, a comment and a
    // checksum.
    private (Feed Feed, DeflateStream Member) Begin(long at)
    {
        Span<byte> header = stackalloc byte[FixedHeader];
        if (RandomAccess.Read(_handle, header, at) < FixedHeader)
        {
            throw Damaged("the gzip stream is cut in its header");
        }
        (byte method, byte flags) = (header[2], header[3]);
        if (method != 8 || (flags & 0xE0) != 0)
        {
            throw Damaged(
                $"the gzip header at byte {at} of the file has method {method} and flags {flags}, expected method 8");
        }
        at += FixedHeader;
        if ((flags & 4) != 0)
        {
            Span<byte> length = stackalloc byte[2];
            RequireHeader(RandomAccess.Read(_handle, length, at) == length.Length);
            at += length.Length + BinaryPrimitives.ReadUInt16LittleEndian(length);
        }
        for (int texts = (flags >> 3 & 1) + (flags >> 4 & 1); texts > 0; texts--)
        {
            at = SkipText(at);
        }
        at += (flags & 2) != 0 ? 2 : 0;
        RequireHeader(at < _file.Length);
        Feed feed = new(_handle, at);
        return (feed, new DeflateStream(feed, CompressionMode.Decompress));
    }

    private long SkipText(long at)
    {
        Span<byte> block = stackalloc byte[256];
        while (true)
        {
            int read = RandomAccess.Read(_handle, block, at);
            RequireHeader(read > 0);
            int end = block[..read].IndexOf((byte)0);
            if (end >= 0)
            {
                return at + end + 1;
            }
            at += read;
        }
    }

    private void RequireHeader(bool whole)
    {
        if (!whole)
        {
            throw Damaged("the gzip stream is cut in its header");
        }
    }

    private DataFileException Damaged(string problem, Exception? cause = null) =>
        new(_path, _position, $"{problem}; fetch the file again.", cause);

    /// <summary>Hands a file's bytes on and counts them.</summary>
    private sealed class Feed(SafeFileHandle file, long start) : Stream
    {
        public long Start { get; } = start;

        public long At { get; private set; } = start;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => At;
            set => throw new NotSupportedException();
        }

        public override int Read(Span<byte> buffer)
        {
            int read = RandomAccess.Read(file, buffer[..Math.Min(buffer.Length, SearchLength)], At);
            At += read;
            return read;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
