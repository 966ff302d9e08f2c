using RevUp.Tensors;

namespace RevUp.Data.Images;

/// <summary>JPEG and PNG files that lie in memory.</summary>
internal sealed class MemoryFiles(
    IReadOnlyList<ReadOnlyMemory<byte>> files, ReadOnlyMemory<int> labels, Shape sample, IReadOnlyList<string> classes)
    : EncodedDataset(sample)
{
    public override int Count => files.Count;

    public override IReadOnlyList<string> Classes => classes;

    public override int Label(int index) => labels.Span[index];

    public override int Load(int index, ref byte[] buffer)
    {
        ReadOnlySpan<byte> file = files[index].Span;
        Reserve(file.Length, ref buffer);
        file.CopyTo(buffer);
        return file.Length;
    }

    internal override string FileName(int index) => Name(index);
}
