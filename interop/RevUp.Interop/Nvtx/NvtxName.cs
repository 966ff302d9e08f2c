using System.Text;

namespace RevUp.Interop.Nvtx;

/// <summary>
/// The name of a range, encoded once and registered when it is first needed; make it with the layer
/// that it names.
/// </summary>
/// <param name="name">Any text without a zero.</param>
internal sealed class NvtxName(string name)
{
    private nint _handle;
    private volatile bool _isRegistered;

    internal byte[] Text { get; } = Encoding.UTF8.GetBytes(name + '\0');

    /// <summary>The name as the library takes it; only where the library is there.</summary>
    internal unsafe nint Handle
    {
        get
        {
            if (!_isRegistered)
            {
                // Registering twice gives the same handle.
                fixed (byte* text = Text)
                {
                    _handle = NvtxLibrary.RangeName(text);
                }

                _isRegistered = true;
            }

            return _handle;
        }
    }

    public override string ToString() => name;
}
