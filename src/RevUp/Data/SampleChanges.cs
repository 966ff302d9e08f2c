using RevUp.Data.Transforms;

namespace RevUp.Data;

/// <summary>
/// Changes to one image of a batch, which <see cref="Backends.Backend.BytePixels"/> reads from the
/// device (revup_tables.h).
/// </summary>
/// <param name="Partner">
/// The row of the sample that this one is mixed with; its own where it is not.
/// </param>
/// <param name="Weight">Of the sample itself in the mixture; 1 where it is not mixed.</param>
/// <param name="Cutout">Set to 0.</param>
/// <param name="Paste">Taken from the partner.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct SampleChanges(double Partner, double Weight, BoxNumbers Cutout, BoxNumbers Paste);
