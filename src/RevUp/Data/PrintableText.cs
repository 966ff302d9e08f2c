namespace RevUp.Data;

/// <summary>Text from files as a terminal and a line of a log can show it.</summary>
internal static class PrintableText
{
    /// <summary>
    /// The text with control characters, line ends and changes of direction as \xHH or \uHHHH, and
    /// bytes that are not UTF-8 (lone surrogates U+DC80 .. U+DCFF) as \xHH.
    /// </summary>
    public static string Of(string text)
    {
        if (!text.AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            return text;
        }
        StringBuilder printable = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            char character = text[i];
            if (char.IsHighSurrogate(character) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                printable.Append(character).Append(text[++i]);
            }
            else if (IsShown(character))
            {
                printable.Append(character);
            }
            else if (character is >= '\uDC80' and <= '\uDCFF')
            {
                printable.Append(CultureInfo.InvariantCulture, $"\\x{character & 0xFF:X2}");
            }
            else
            {
                printable.Append(character <= 0xFF ? "\\x" : "\\u");
                printable.Append(
                    ((int)character).ToString(character <= 0xFF ? "X2" : "X4", CultureInfo.InvariantCulture));
            }
        }
        return printable.ToString();
    }

    private static bool IsShown(char character) => CharUnicodeInfo.GetUnicodeCategory(character) switch
    {
        UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
            or UnicodeCategory.Surrogate => false,
        UnicodeCategory.Format => character is '\u200C' or '\u200D', // joiners, as in emoji and in Persian
        _ => true,
    };
}
