namespace RevUp.Interop.Tests.Support;

[TestClass]
internal sealed unsafe class AlignedBufferTests
{
    [TestMethod]
    [DataRow(-1, "before")]
    [DataRow(10, "after")]
    internal void AWriteOutsideTheBufferIsReported(int offset, string where)
    {
        AlignedBuffer buffer = new(10);
        buffer.Pointer[offset] = 0;

        InvalidOperationException exception = Assert.ThrowsExactly<InvalidOperationException>(buffer.Dispose);

        StringAssert.Contains(exception.Message, $"wrote {where} a buffer of 10 bytes");
    }
}
