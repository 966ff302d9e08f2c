namespace RevUp.Tests.Formats;

[TestClass]
public sealed class ByteCountTests
{
    [TestMethod]
    [DataRow("2GiB", 2L << 30)]
    [DataRow("512MiB", 512L << 20)]
    [DataRow("1.5 KiB", 1536L)]
    [DataRow("1TiB", 1L << 40)]
    [DataRow("1073741824", 1L << 30)]
    [DataRow("9223372036854775807", long.MaxValue)]
    public void BytesAreReadInEveryUnit(string text, long expected)
    {
        Assert.IsTrue(ByteCount.TryParse(text, out long bytes));
        Assert.AreEqual(expected, bytes);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("0")]
    [DataRow("-1")]
    [DataRow("0MiB")]
    [DataRow("GiB")]
    [DataRow("1.5")]
    [DataRow("2GB")]
    [DataRow("1,5GiB")]
    [DataRow("9223372036854775808")]
    [DataRow("8388608TiB")]
    public void WhatIsNoPositiveNumberOfBytesIsRefused(string text) => Assert.IsFalse(ByteCount.TryParse(text, out _));
}
