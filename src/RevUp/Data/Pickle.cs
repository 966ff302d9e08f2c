namespace RevUp.Data;

/// <summary>
/// Reads Python's pickles of plain values and NumPy arrays, and runs nothing of what they ask for.
/// </summary>
/// <remarks>
/// Values: <see langword="null"/>, <see cref="bool"/>, <see cref="long"/>, <see cref="double"/>,
/// <see cref="string"/> (bytes and text of Python 2 as Latin-1),
/// <see cref="List{T}"/> and <see cref="Dictionary{TKey,TValue}"/> of them, object arrays for
/// tuples, bytes as <see cref="ReadOnlyMemory{T}"/>, and
/// <see cref="Call"/> for what a class or function would make. Source: Lib/pickletools.py of
/// CPython, protocols 2 to 5.
/// </remarks>
internal sealed class Pickle
{
    private static readonly object s_mark = new();

    private readonly byte[] _bytes;
    private readonly List<object?> _stack = [];
    private readonly Dictionary<int, object?> _memo = [];
    private int _at;

    private Pickle(byte[] bytes) => _bytes = bytes;

    /// <summary>Whether bytes begin as a pickle of protocol 2 or later does.</summary>
    public static bool IsPickle(ReadOnlySpan<byte> bytes) => bytes is [0x80, >= 2 and <= 5, ..];

    /// <summary>The value of a pickle.</summary>
    /// <exception cref="FormatException">It is damaged, or has something that is not
    /// read.</exception>
    public static object? Read(byte[] bytes)
    {
        try
        {
            return new Pickle(bytes).Run();
        }
        catch (Exception exception) when (exception is InvalidCastException or ArgumentException
            or KeyNotFoundException or OverflowException or NullReferenceException)
        {
            throw new FormatException("the pickle is damaged", exception);
        }
    }

    private object? Run()
    {
        while (true)
        {
            byte code = Take(1)[0];
            switch (code)
            {
                case 0x80: Take(1); break; // PROTO
                case 0x95: Take(8); break; // FRAME
                case (byte)'.': return Pop();
                case (byte)'(': Push(s_mark); break;
                case (byte)'0': Pop(); break;
                case (byte)'N': Push(null); break;
                case 0x88: Push(true); break;
                case 0x89: Push(false); break;
                case (byte)'K': Push((long)Take(1)[0]); break;
                case (byte)'M': Push((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2))); break;
                case (byte)'J': Push((long)Int32()); break;
                case 0x8A: Push(Long(Take(1)[0])); break;
                case (byte)'G': Push(BinaryPrimitives.ReadDoubleBigEndian(Take(8))); break;
                case (byte)'U': Push(Encoding.Latin1.GetString(Take(Take(1)[0]))); break;
                case (byte)'T': Push(Text2(Int32())); break;
                case 0x8C: Push(Encoding.UTF8.GetString(Take(Take(1)[0]))); break;
                case (byte)'X': Push(Encoding.UTF8.GetString(Take(Int32()))); break;
                case 0x8D: Push(Encoding.UTF8.GetString(Take(Int64()))); break;
                case (byte)'C': Push(Slice(Take(1)[0])); break;
                case (byte)'B': Push(Slice(Int32())); break;
                case 0x8E: Push(Slice(Int64())); break;
                case (byte)'c': Push(new Global($"{Line()}.{Line()}")); break;
                case 0x93: PushGlobal(); break;
                case (byte)'R': Reduce(); break;
                case (byte)'b': Build(); break;
                default: Collect(code); break;
            }
        }
    }

    private void Collect(byte code)
    {
        switch (code)
        {
            case (byte)'}': Push(new Dictionary<string, object?>()); break;
            case (byte)']': Push(new List<object?>()); break;
            case (byte)')': Push(Array.Empty<object?>()); break;
            case 0x85: Push(PopTuple(1)); break;
            case 0x86: Push(PopTuple(2)); break;
            case 0x87: Push(PopTuple(3)); break;
            case (byte)'t': Push(PopToMark()); break;
            case (byte)'a': AddTo([Pop()]); break;
            case (byte)'e': AddTo(PopToMark()); break;
            case (byte)'s': SetIn(PopTuple(2)); break;
            case (byte)'u': SetIn(PopToMark()); break;
            case (byte)'q': _memo[Take(1)[0]] = _stack[^1]; break;
            case (byte)'r': _memo[Int32()] = _stack[^1]; break;
            case 0x94: _memo[_memo.Count] = _stack[^1]; break;
            case (byte)'h': Push(_memo[Take(1)[0]]); break;
            case (byte)'j': Push(_memo[Int32()]); break;
            default:
                throw new FormatException($"the pickle has the operation {code} at byte {_at - 1}, which is not read");
        }
    }

    private void AddTo(object?[] items) => ((List<object?>)_stack[^1]!).AddRange(items);

    private void SetIn(object?[] pairs)
    {
        Dictionary<string, object?> target = (Dictionary<string, object?>)_stack[^1]!;
        for (int i = 0; i + 1 < pairs.Length; i += 2)
        {
            string key = pairs[i] is ReadOnlyMemory<byte> bytes
                ? Encoding.Latin1.GetString(bytes.Span)
                : (string)pairs[i]!;
            target[key] = pairs[i + 1];
        }
    }

    private void PushGlobal()
    {
        object?[] names = PopTuple(2);
        Push(new Global($"{names[0]}.{names[1]}"));
    }

    // Python 3 writes bytes in protocol 2 as a call of _codecs.encode(text, "latin1").
    private void Reduce()
    {
        object?[] arguments = (object?[])Pop()!;
        Global function = (Global)Pop()!;
        Push(function.Name == "_codecs.encode" && arguments is [string text, ..]
            ? new ReadOnlyMemory<byte>(Encoding.Latin1.GetBytes(text))
            : new Call(function.Name, arguments));
    }

    private void Build()
    {
        object? state = Pop();
        ((Call)_stack[^1]!).State = state as object?[];
    }

    // A string of Python 2, which is what NumPy's bytes are there; long ones are kept as they are.
    private object Text2(long length)
    {
        const int LongestText = 1024;
        return length > LongestText ? Slice(length) : Encoding.Latin1.GetString(Take(length));
    }

    private void Push(object? value) => _stack.Add(value);

    private object? Pop()
    {
        object? value = _stack[^1];
        _stack.RemoveAt(_stack.Count - 1);
        return value;
    }

    private object?[] PopTuple(int count)
    {
        object?[] items = [.. _stack[^count..]];
        _stack.RemoveRange(_stack.Count - count, count);
        return items;
    }

    private object?[] PopToMark()
    {
        int mark = _stack.LastIndexOf(s_mark);
        object?[] items = [.. _stack[(mark + 1)..]];
        _stack.RemoveRange(mark, _stack.Count - mark);
        return items;
    }

    private ReadOnlyMemory<byte> Slice(long length)
    {
        int start = _at;
        Take(length);
        return _bytes.AsMemory(start, (int)length);
    }

    private int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    private long Int64() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));

    private long Long(int length)
    {
        long value = 0;
        ReadOnlySpan<byte> bytes = Take(length);
        for (int i = 0; i < bytes.Length; i++)
        {
            value |= i < sizeof(long) ? (long)bytes[i] << 8 * i : throw new FormatException(
                "the pickle has a number of over 64 bits");
        }
        return length is > 0 and < sizeof(long) && (bytes[^1] & 0x80) != 0 ? value - (1L << 8 * length) : value;
    }

    private string Line()
    {
        int end = Array.IndexOf(_bytes, (byte)'\n', _at);
        return end < 0 ? throw Cut() : Encoding.UTF8.GetString(Take(end + 1 - _at)).TrimEnd('\n');
    }

    private ReadOnlySpan<byte> Take(long length)
    {
        if (length < 0 || length > _bytes.Length - _at)
        {
            throw Cut();
        }
        _at += (int)length;
        return _bytes.AsSpan(_at - (int)length, (int)length);
    }

    private FormatException Cut() => new($"the pickle ends inside a value at byte {_at}");

    /// <summary>Object that a class or function would make.</summary>
    /// <param name="name">MODULE.NAME.</param>
    /// <param name="arguments">Arguments of the call.</param>
    internal sealed class Call(string name, object?[] arguments)
    {
        public string Name => name;

        public object?[] Arguments => arguments;

        /// <summary>The tuple that it would be filled from; null when there is none.</summary>
        public object?[]? State { get; set; }
    }

    private sealed record Global(string Name);
}
