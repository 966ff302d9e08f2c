namespace RevUp.Interop.Image;

/// <summary>
/// The C ABI of the image library, one method per function of revup_image.h, which is the contract;
/// <see cref="ImageDecoder"/> uses it.
/// </summary>
internal static unsafe partial class ImageLibrary
{
    /// <summary>The version of revup_image.h that these bindings mirror.</summary>
    public const int ExpectedAbiVersion = 2;

    static ImageLibrary() => NativeLibraries.Register();

    /// <summary>The version of revup_image.h that the loaded library was built from.</summary>
    [LibraryImport(NativeLibraries.Image, EntryPoint = "revup_image_abi_version")]
    public static partial int AbiVersion();

    /// <summary>
    /// The calling thread's last error as zero-terminated UTF-8, "" when there was none; valid
    /// until the thread's next failing call.
    /// </summary>
    [LibraryImport(NativeLibraries.Image, EntryPoint = "revup_image_last_error")]
    public static partial byte* LastError();

    /// <summary>Reads the header alone.</summary>
    [LibraryImport(NativeLibraries.Image, EntryPoint = "revup_image_inspect")]
    public static partial ImageStatus Inspect(byte* bytes, long length, ImageInfo* info);

    /// <summary>Makes a decoder; use <see cref="ImageDecoder"/>, which owns it.</summary>
    [LibraryImport(NativeLibraries.Image, EntryPoint = "revup_image_decoder_create")]
    public static partial ImageStatus DecoderCreate(nint* decoder);

    /// <summary>Frees a raw decoder; 0 is allowed. <see cref="ImageDecoder"/> calls it.</summary>
    [LibraryImport(NativeLibraries.Image, EntryPoint = "revup_image_decoder_destroy")]
    public static partial ImageStatus DecoderDestroy(nint decoder);

    /// <summary>
    /// Resamples a region to <paramref name="outHeight"/>×<paramref name="outWidth"/> pixels of 1
    /// or 3 channels.
    /// </summary>
    [LibraryImport(NativeLibraries.Image, EntryPoint = "revup_image_decode")]
    public static partial ImageStatus Decode(
        ImageDecoder decoder, byte* bytes, long length, ImageRegion* region, int outHeight, int outWidth, int channels,
        byte* output);

    /// <summary>The stored numbers of a grey or palette PNG.</summary>
    [LibraryImport(NativeLibraries.Image, EntryPoint = "revup_image_decode_labels")]
    public static partial ImageStatus DecodeLabels(byte* bytes, long length, int height, int width, ushort* output);

    /// <summary>
    /// Refuses a library of another ABI before any of its functions can misread its arguments.
    /// </summary>
    /// <exception cref="BadImageFormatException">
    /// The version differs, or the library does not state one.
    /// </exception>
    internal static void VerifyVersion(nint library, string place) =>
        NativeLibraryEntry.VerifyVersion(library, place, "revup_image_abi_version", ExpectedAbiVersion);
}
