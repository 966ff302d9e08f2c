using System.Text;

namespace RevUp.Interop.Nvtx;

/// <summary>The name of a range, encoded once; make it with the layer that it names.</summary>
/// <param name="name">Any text without a zero.</param>
internal sealed class NvtxName(string name)
{
    internal byte[] Text { get; } = Encoding.UTF8.GetBytes(name + '\0');

    public override string ToString() => name;
}
