using RevUp.Distributed;

namespace RevUp.Tests.Distributed;

/// <summary>
/// Two ranks of which only this one is there: the other one's numbers are zeros in sums and equal
/// in everything else. Notes what is sent, and when.
/// </summary>
internal sealed class RecordingCollective(Backend backend, bool isConcurrent) : Collective
{
    private readonly List<byte[]> _told = [];

    /// <summary>Sums that were begun, in order, with the values as they were then.</summary>
    public List<(Tensor Values, float[] Sent)> Sent { get; } = [];

    /// <summary>Whether <see cref="Sent"/> grows.</summary>
    public bool IsNoting { get; set; } = true;

    /// <summary>Times that sums were waited for.</summary>
    public int Completions { get; private set; }

    /// <summary>Called for each sum.</summary>
    public Action<Tensor>? Sending { get; set; }

    public override int Rank => 0;

    public override int Size => 2;

    public override string Library => "a test";

    public override bool IsConcurrent => isConcurrent;

    public override void Begin(Tensor values, string what) => Sum(values, what);

    public override void Sum(Tensor values, string what)
    {
        Sending?.Invoke(values);
        if (IsNoting && values.Type == ElementType.Float32)
        {
            Sent.Add((values, backend.ToHost(values)));
        }
    }

    public override void Complete() => Completions++;

    public override void BeginGather(Tensor own, Tensor all)
    {
        for (int rank = 0; rank < Size; rank++)
        {
            backend.Cast(own, all.Slice(rank * own.Count, own.Shape));
        }
    }

    public override void Maximum(Span<double> numbers, string what)
    {
    }

    // Where each rank tells a length and then its bytes, the other one tells the same.
    public override void Broadcast(Span<byte> bytes, int root, string what)
    {
        if (root != Rank && _told.Count > 1 && _told[^2].Length == bytes.Length)
        {
            _told[^2].CopyTo(bytes);
        }
        _told.Add(bytes.ToArray());
    }

    public override void Broadcast(Tensor values, string what)
    {
    }

    public override void Gather(ReadOnlySpan<byte> own, Span<byte> all, string what)
    {
        for (int rank = 0; rank < Size; rank++)
        {
            own.CopyTo(all[(rank * own.Length)..]);
        }
    }

    public override void Exchange(Tensor parts, Tensor received, string what) => throw new InvalidOperationException();

    public override void Share(Tensor parts, string what) => throw new InvalidOperationException();

    public override void Abort(int code) => throw new InvalidOperationException();

    public override void Dispose()
    {
    }
}
