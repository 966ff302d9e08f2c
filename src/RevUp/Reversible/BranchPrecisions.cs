using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Reversible;

/// <summary>Meaning of a precision on a device.</summary>
internal static class BranchPrecisions
{
    /// <summary>
    /// The precision itself; for <see cref="BranchPrecision.Auto"/> the device's choice.
    /// </summary>
    public static BranchPrecision On(this BranchPrecision precision, Backend backend) => precision switch
    {
        BranchPrecision.Auto when backend.Accelerates(ElementType.BFloat16) => BranchPrecision.BFloat16,
        BranchPrecision.Auto => BranchPrecision.Float32,
        _ => precision,
    };

    /// <summary>Whether the device has the arithmetic of a decided precision.</summary>
    public static bool IsOf(this BranchPrecision precision, Backend backend) =>
        backend.Supports(precision.Element()) && (precision != BranchPrecision.Tf32 || backend.HasTf32);

    /// <summary>Storage type of the branches of a decided precision.</summary>
    /// <exception cref="ArgumentException">It is <see cref="BranchPrecision.Auto"/>.</exception>
    public static ElementType Element(this BranchPrecision precision) => precision switch
    {
        BranchPrecision.Float32 or BranchPrecision.Tf32 => ElementType.Float32,
        BranchPrecision.BFloat16 => ElementType.BFloat16,
        _ => throw new ArgumentException(
            $"The precision '{precision}' is no storage type before a device has decided it.", nameof(precision)),
    };

    /// <summary>Whether float32 convolutions of a decided precision may round to TF32.</summary>
    public static bool AllowsTf32(this BranchPrecision precision) => precision != BranchPrecision.Float32;

    /// <summary>The name that recipes use.</summary>
    public static string Text(this BranchPrecision precision) => precision.ToString().ToLowerInvariant();

    /// <summary>
    /// The arithmetic of all convolutions of a network of a decided precision, for messages.
    /// </summary>
    public static string Text(this BranchPrecision precision, Backend backend) =>
        precision == BranchPrecision.BFloat16 && backend.HasTf32 ? "bfloat16, TF32 elsewhere" : precision.Text();
}
