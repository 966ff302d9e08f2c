using RevUp.Interop.Tests.Hostile;

namespace RevUp.Interop.Tests;

[TestClass]
internal sealed class StatusTests
{
    [TestMethod]
    internal unsafe void TheExceptionNamesTheCallTheStatusTheReasonAndTheRemedy()
    {
        NativeException exception = Assert.ThrowsExactly<NativeException>(
            () => CpuLibrary.Axpy(-5, null, null, null).Check());

        Assert.AreEqual("CpuLibrary.Axpy", exception.Call);
        Assert.AreEqual(CpuStatus.InvalidArgument, exception.Status);
        Assert.AreEqual(
            "CpuLibrary.Axpy failed with InvalidArgument (1): count is -5; it must not be negative. "
            + "Correct the argument named above; revup_cpu.h says what each call accepts.",
            exception.Message);
    }

    [TestMethod]
    internal unsafe void RunningOutOfMemoryIsToldApart()
    {
        NativeException exception = Assert.ThrowsExactly<NativeException>(() =>
        {
            void* memory;
            CpuLibrary.Reserve(1L << 59, &memory).Check();
        });

        Assert.AreEqual(CpuStatus.OutOfMemory, exception.Status);
        StringAssert.Contains(exception.Message, "576460752303423488 bytes");
        StringAssert.Contains(exception.Message, "Lower the batch size");
    }

    [TestMethod]
    [DataRow(CudaResult.SystemNotReady, "nvidia-fabricmanager")]
    [DataRow(CudaResult.SystemDriverMismatch, "restart the machine after a driver update")]
    [DataRow(CudaResult.Unknown, "nvidia-uvm")]
    internal void ADriverThatDoesNotStartIsExplained(CudaResult result, string remedy) =>
        StringAssert.Contains(CudaResultExtensions.Remedy(result), remedy);

    [TestMethod]
    internal void OkIsNoException() => CpuStatus.Ok.Check();

    [TestMethod]
    internal unsafe void TheLastErrorBelongsToItsThread()
    {
        CpuLibrary.Axpy(-1, null, null, null);
        string other = "not read";
        Thread thread = new(() =>
        {
            string before = AbiFunction.LastError();
            CpuLibrary.Fill(-2, null, 0);
            other = $"'{before}' then '{AbiFunction.LastError()}'";
        });
        thread.Start();
        thread.Join();

        Assert.AreEqual("'' then 'count is -2; it must not be negative'", other);
        Assert.AreEqual("count is -1; it must not be negative", AbiFunction.LastError());
    }

    [TestMethod]
    internal unsafe void TheDescriptionIsTruncatedWithItsTerminatingZero()
    {
        byte* text = stackalloc byte[200];
        CpuLibrary.Describe(text, 200).Check();
        string whole = new((sbyte*)text);
        StringAssert.Contains(whole, "oneDNN");

        new Span<byte>(text, 200).Fill(0xFF);
        CpuLibrary.Describe(text, 5).Check();
        Assert.AreEqual(whole[..4], new string((sbyte*)text));
        Assert.AreEqual(0xFF, text[5], "nothing is written past the capacity");
    }
}
