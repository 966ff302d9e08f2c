namespace RevUp.Tests.Formats;

/// <summary>Label maps as PNG, as Pillow reads them.</summary>
[TestClass]
public sealed class PngImageTests : FolderTest
{
    [TestMethod]
    [DataRow(256, "L")]
    [DataRow(257, "I;16")]
    public void LabelsAreTheNumbersOfTheImage(int classes, string mode)
    {
        ushort[] labels = [.. Enumerable.Range(1, 5 * 7).Select(i => (ushort)(classes - i))];
        PngImage.WriteLabels(Folder["map.png"], width: 5, height: 7, labels, classes);
        string[] lines =
            PythonOracle.Run("tests/RevUp.Tests/Formats/png_oracle.py", "python3-pil", Folder["map.png"]);
        Assert.AreEqual($"{mode} 5 7", lines[0]);
        Assert.AreEqual(string.Join(' ', labels), lines[1]);
        Assert.HasCount(1, Directory.GetFiles(Folder.Path));
    }
}
