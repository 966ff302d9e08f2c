namespace RevUp.Cli.Reporting;

/// <summary>
/// Pages and their elements: built as a tree, so that a page is well-formed and every text in it
/// escaped.
/// </summary>
internal static class Html
{
    /// <summary>An element with attributes, texts and elements.</summary>
    public static XElement Tag(string name, params object?[] content) => new(name, content);

    /// <summary>The class attribute.</summary>
    public static XAttribute Class(string value) => new("class", value);

    /// <summary>Any attribute; numbers as CSS and SVG read them.</summary>
    public static XAttribute Attribute(string name, object value) =>
        new(name, value is double number ? Number(number, "0.##") : value);

    /// <summary>
    /// Writes a page that is complete in itself: nothing is loaded, and nothing in it needs a
    /// script.
    /// </summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void WritePage(
        string path, string title, IEnumerable<XElement> introduction, params object[] sections)
    {
        XElement page = Tag("html",
            Attribute("lang", "en"),
            Tag("head",
                Tag("meta", Attribute("charset", "utf-8")),
                Tag("meta", Attribute("name", "viewport"), Attribute("content", "width=device-width, initial-scale=1")),
                Tag("title", $"{title} · RevUp"),
                Tag("style", ReadStyleSheet())),
            Tag("body", Tag("header", Tag("h1", title), introduction), Tag("main", sections)));
        WholeFile.Write(path, "<!DOCTYPE html>\n" + page.ToString(SaveOptions.DisableFormatting) + "\n");
    }

    /// <summary>A part of the page under a heading.</summary>
    public static XElement Section(string title, string note, params object?[] content) =>
        Tag("section", Tag("h2", title), Tag("p", Class("note"), note), content);

    /// <summary>
    /// A table that scrolls by itself where the page is narrow; the first cell of each row heads
    /// it.
    /// </summary>
    public static XElement Table(IEnumerable<string> head, IEnumerable<IEnumerable<string>> rows) => Scrolling(
        Tag("table",
            Tag("thead", Tag("tr", head.Select(cell => Tag("th", Attribute("scope", "col"), cell)))),
            Tag(
                "tbody",
                rows.Select(
                    row => Tag(
                        "tr",
                        row.Select(
                            (cell, i) => i == 0 ? Tag("th", Attribute("scope", "row"), cell) : Tag("td", cell)))))));

    /// <summary>Makes wide content scroll by itself, with the keyboard too.</summary>
    public static XElement Scrolling(XElement content) =>
        Tag("div", Class("scroll"), Attribute("tabindex", 0), content);

    /// <summary>A number in the invariant culture; a dash for one that is none.</summary>
    public static string Number(double value, string format) =>
        double.IsFinite(value) ? value.ToString(format, CultureInfo.InvariantCulture) : "–";

    /// <summary>A fraction as a percentage, without the sign.</summary>
    public static string Percent(double fraction) => Number(100 * fraction, "0.00");

    /// <summary>Bytes in MiB.</summary>
    public static string MiB(long bytes) => Number(bytes / (double)(1 << 20), "#,0.0");

    private static string ReadStyleSheet()
    {
        using Stream stream = typeof(Html).Assembly.GetManifestResourceStream("report.css")!;
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }
}
