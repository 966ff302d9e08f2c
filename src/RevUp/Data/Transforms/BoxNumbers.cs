namespace RevUp.Data.Transforms;

/// <summary>A <see cref="Box"/> as devices read it (revup_tables.h).</summary>
/// <param name="Top">First row.</param>
/// <param name="Left">First column.</param>
/// <param name="Bottom">The row after the last.</param>
/// <param name="Right">The column after the last.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct BoxNumbers(double Top, double Left, double Bottom, double Right)
{
    /// <summary>
    /// The box's numbers. A box that lies outside the image, which is empty, becomes one inside it.
    /// </summary>
    public static implicit operator BoxNumbers(Box box) =>
        box.Top < box.Bottom && box.Left < box.Right
            ? new(box.Top, box.Left, box.Bottom, box.Right)
            : default;
}
