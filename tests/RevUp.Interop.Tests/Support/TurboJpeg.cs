using System.Runtime.InteropServices;

namespace RevUp.Interop.Tests.Support;

/// <summary>How pixels lie in memory (TJPF).</summary>
internal enum TurboPixels
{
    Rgb = 0,
    Grey = 6,
    Cmyk = 11,
}

/// <summary>Chroma subsampling (TJSAMP).</summary>
internal enum TurboSampling
{
    Yuv444 = 0,
    Yuv422 = 1,
    Yuv420 = 2,
    Grey = 3,
    Yuv440 = 4,
    Yuv411 = 5,
}

/// <summary>
/// The TurboJPEG API of libjpeg-turbo: writes JPEGs, and decodes whole ones by another road than
/// our library.
/// </summary>
internal sealed unsafe partial class TurboJpeg : IDisposable
{
    private const string Library = "libturbojpeg.so.0";
    private const int ProgressiveFlag = 16384;
    private const int Quality = 90;

    private readonly nint _decompressor = InitDecompress();

    /// <summary>
    /// One JPEG, by a compressor of its own: after a progressive image, version 2.1.5 writes
    /// baseline ones with the wrong Huffman tables. Three channels are RGB, four CMYK.
    /// </summary>
    public static byte[] Encode(Pixels pixels, TurboSampling sampling, bool progressive = false)
    {
        nint compressor = InitCompress();
        byte* data = null;
        nuint length = 0;
        try
        {
            fixed (byte* source = pixels.Data)
            {
                TurboPixels format = pixels.Channels == 3 ? TurboPixels.Rgb : TurboPixels.Cmyk;
                Check(Compress(
                    compressor, source, pixels.Width, pitch: 0, pixels.Height, (int)format, &data, &length,
                    (int)sampling, Quality, progressive ? ProgressiveFlag : 0));
            }

            return new ReadOnlySpan<byte>(data, (int)length).ToArray();
        }
        finally
        {
            Free(data);
            _ = Destroy(compressor);
        }
    }

    /// <summary>All pixels; <paramref name="pixels"/> may be longer than the image.</summary>
    public void Decode(ReadOnlySpan<byte> jpeg, TurboPixels format, Span<byte> pixels)
    {
        fixed (byte* data = jpeg, target = pixels)
        {
            Check(
                Decompress(
                    _decompressor, data, (nuint)jpeg.Length, target, width: 0, pitch: 0, height: 0, (int)format,
                    flags: 0));
        }
    }

    public void Dispose() => _ = Destroy(_decompressor);

    private static void Check(int result)
    {
        if (result != 0)
        {
            throw new InvalidOperationException($"TurboJPEG: {Marshal.PtrToStringUTF8((nint)ErrorText())}");
        }
    }

    [LibraryImport(Library, EntryPoint = "tjInitCompress")]
    private static partial nint InitCompress();

    [LibraryImport(Library, EntryPoint = "tjInitDecompress")]
    private static partial nint InitDecompress();

    [LibraryImport(Library, EntryPoint = "tjDestroy")]
    private static partial int Destroy(nint handle);

    [LibraryImport(Library, EntryPoint = "tjFree")]
    private static partial void Free(byte* data);

    [LibraryImport(Library, EntryPoint = "tjGetErrorStr")]
    private static partial byte* ErrorText();

    [LibraryImport(Library, EntryPoint = "tjCompress2")]
    private static partial int Compress(
        nint handle, byte* source, int width, int pitch, int height, int format, byte** data, nuint* length,
        int sampling, int quality, int flags);

    [LibraryImport(Library, EntryPoint = "tjDecompress2")]
    private static partial int Decompress(
        nint handle, byte* data, nuint length, byte* target, int width, int pitch, int height, int format, int flags);
}
