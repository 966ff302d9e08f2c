namespace RevUp.Formats;

/// <summary>
/// Sizes of memory as people write them: bytes, or a number with KiB, MiB, GiB or TiB behind it.
/// </summary>
internal static class ByteCount
{
    /// <summary>Text that <see cref="TryParse"/> takes, for messages.</summary>
    public const string Allowed = "a positive number of bytes, such as 2GiB, 512MiB or 1073741824";

    private static readonly (string Unit, long Bytes)[] s_units =
        [("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40), ("", 1)];

    /// <summary>
    /// Reads "2GiB", "1.5 GiB", "512MiB" or "1073741824"; false when it is none of that, or not a
    /// whole, positive number of bytes.
    /// </summary>
    public static bool TryParse(string text, out long bytes)
    {
        (string unit, long factor) = s_units.First(entry => text.EndsWith(entry.Unit, StringComparison.Ordinal));
        string number = text[..^unit.Length].TrimEnd(' ');
        bool valid =
            decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal value)
            && value > 0 && value <= long.MaxValue / factor && decimal.IsInteger(value * factor);
        bytes = valid ? (long)(value * factor) : 0;
        return valid;
    }
}
