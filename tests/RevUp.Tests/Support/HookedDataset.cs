namespace RevUp.Tests.Support;

/// <summary>Another dataset, with an action before each read of a sample.</summary>
internal sealed class HookedDataset(MemoryDataset inner, Action<int> beforeRead) : ImageDataset
{
    public ManualResetEventSlim FirstRead { get; } = new();

    public override int Count => inner.Count;

    public override IReadOnlyList<string> Classes => inner.Classes;

    public override Shape Sample => inner.Sample;

    public override int Label(int index) => inner.Label(index);

    public override SampleReader OpenReader() => new Reader(this, inner);

    private void OnRead(int index)
    {
        FirstRead.Set();
        beforeRead(index);
    }

    private sealed class Reader(HookedDataset owner, MemoryDataset inner) : ImageReader(inner.Sample)
    {
        protected override ReadOnlySpan<byte> Read(int index, Framing framing)
        {
            owner.OnRead(index);
            return inner.Pixels(index);
        }
    }
}
