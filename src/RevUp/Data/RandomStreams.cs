namespace RevUp.Data;

/// <summary>
/// Uses of random numbers while loading. Each is the upper half of a stream of
/// <see cref="Tensors.CounterRandom"/>, with the epoch added to it. Each use has a stream of its
/// own, so that switching one augmentation on changes no other.
/// </summary>
internal static class RandomStreams
{
    public const long Shuffle = 0x53485546L << 32; // "SHUF"

    public const long PadCropFlip = 0x4155474DL << 32; // "AUGM"

    public const long AlternatingFlip = 0x414C5446L << 32; // "ALTF"

    public const long ResizedCrop = 0x43524F50L << 32; // "CROP"

    public const long ColorJitter = 0x4A495454L << 32; // "JITT"

    public const long Cutout = 0x4355544FL << 32; // "CUTO"

    public const long VolumeCrop = 0x56435250L << 32; // "VCRP"

    public const long Mirror = 0x4D495252L << 32; // "MIRR"

    public const long Mixing = 0x4D495855L << 32; // "MIXU"

    public const long PatchPlace = 0x50504C43L << 32; // "PPLC"

    public const long PatchShape = 0x50534850L << 32; // "PSHP"

    public const long PatchValues = 0x5056414CL << 32; // "PVAL"
}
