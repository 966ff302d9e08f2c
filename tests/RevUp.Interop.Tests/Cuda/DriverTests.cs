using System.Diagnostics.CodeAnalysis;

namespace RevUp.Interop.Tests.Cuda;

/// <summary>The driver contract, on the stand-in or on a device.</summary>
[TestClass]
[SuppressMessage(
    "Performance", "CA1852", Justification = "ManagedCudaDriverTests derives from it, where it is compiled.")]
internal class DriverTests
{
    private ICudaDriver _driver = null!;
    private CudaStream _stream;

    /// <summary>Whose bindings are tested.</summary>
    protected virtual ICudaProvider Provider => new CudaProvider();

    [TestInitialize]
    public void Open()
    {
        _driver = CudaMachine.Open(Provider);
        _stream = _driver.CreateStream();
    }

    [TestCleanup]
    public void Close()
    {
        if (_driver is not null)
        {
            _driver.Destroy(_stream);
            _driver.Dispose();
        }
    }

    [TestMethod]
    internal void CopiesAndFillsAreInOrder()
    {
        using DeviceArray<uint> first = new(_driver, _stream, [1, 2, 3, 4]);
        using DeviceArray<uint> second = new(_driver, _stream, [0, 0, 0, 0]);

        _driver.Copy(second.Pointer, first.Pointer, 16, _stream);
        _driver.FillBytes(first.Pointer, 0xFF, 8, _stream);
        _driver.FillWords(second.Pointer, 7, 1, _stream);

        CollectionAssert.AreEqual((uint[])[uint.MaxValue, uint.MaxValue, 3, 4], first.Read());
        CollectionAssert.AreEqual((uint[])[7, 2, 3, 4], second.Read());
    }

    [TestMethod]
    internal void EventsOrderStreamsAndHaveTimes()
    {
        CudaStream other = _driver.CreateStream();
        CudaEvent start = _driver.CreateEvent(timing: true);
        CudaEvent end = _driver.CreateEvent(timing: true);

        _driver.Record(start, _stream);
        _driver.Wait(other, start);
        _driver.Record(end, other);
        _driver.Synchronize(end);

        Assert.IsTrue(_driver.IsReached(start));
        Assert.IsGreaterThanOrEqualTo(0f, _driver.ElapsedMilliseconds(start, end));
        _driver.Destroy(start);
        _driver.Destroy(end);
        _driver.Destroy(other);
    }

    [TestMethod]
    internal void AnUrgentStreamJoinsACapture()
    {
        using DeviceArray<uint> values = new(_driver, _stream, [1, 2]);
        CudaStream urgent = _driver.CreateUrgentStream();
        CudaEvent mark = _driver.CreateEvent(timing: false);

        _driver.BeginCapture(_stream);
        _driver.FillWords(values.Pointer, 3, 2, _stream);
        _driver.Record(mark, _stream);
        _driver.Wait(urgent, mark);
        _driver.FillWords(values.Pointer, 4, 1, urgent);
        NativeException exception = Assert.ThrowsExactly<NativeException>(() => _driver.EndCapture(_stream));
        Assert.AreEqual(CudaResult.StreamCaptureUnjoined, exception.Status);

        _driver.BeginCapture(_stream);
        _driver.FillWords(values.Pointer, 3, 2, _stream);
        _driver.Record(mark, _stream);
        _driver.Wait(urgent, mark);
        _driver.FillWords(values.Pointer, 4, 1, urgent);
        _driver.Record(mark, urgent);
        _driver.Wait(_stream, mark);
        CudaGraph graph = _driver.EndCapture(_stream);
        CudaGraphExec executable = _driver.Instantiate(graph);
        CollectionAssert.AreEqual((uint[])[1, 2], values.Read());
        _driver.Launch(executable, _stream);
        CollectionAssert.AreEqual((uint[])[4, 3], values.Read());

        _driver.Destroy(executable);
        _driver.Destroy(graph);
        _driver.Destroy(mark);
        _driver.Destroy(urgent);
    }

    [TestMethod]
    internal void MakeCurrentBindsAnotherThread()
    {
        Exception? without = null;
        (long Free, long Total) with = default;
        Thread thread = new(() =>
        {
            try
            {
                _driver.MemoryInfo();
            }
            catch (NativeException exception)
            {
                without = exception;
            }

            _driver.MakeCurrent();
            with = _driver.MemoryInfo();
        });
        thread.Start();
        thread.Join();

        NativeException failure = Assert.IsInstanceOfType<NativeException>(without);
        Assert.AreEqual(CudaResult.InvalidContext, failure.Status);
        StringAssert.Contains(failure.Message, "MakeCurrent");
        Assert.IsGreaterThan(0, with.Total);
    }

    [TestMethod]
    internal void RunningOutOfMemoryNamesTheRequestAndWhatIsFree()
    {
        NativeException exception = Assert.ThrowsExactly<NativeException>(() => _driver.Allocate(1L << 50));

        Assert.AreEqual(CudaResult.OutOfMemory, exception.Status);
        StringAssert.Contains(exception.Message, "MemAlloc failed with OutOfMemory (2): CUDA_ERROR_OUT_OF_MEMORY, ");
        StringAssert.Contains(exception.Message, "1125899906842624 bytes were asked for, and ");
        StringAssert.Contains(exception.Message, "Lower the batch size");
    }

    [TestMethod]
    internal void AnOrdinalThatIsNotThereIsNamed()
    {
        NativeException exception = Assert.ThrowsExactly<NativeException>(() => CudaDriver.Open(99));

        Assert.AreEqual(CudaResult.InvalidDevice, exception.Status);
        StringAssert.Contains(exception.Message, "device 99 was asked for and there are ");
    }

    [TestMethod]
    internal void AKernelThatIsNotThereIsNamed()
    {
        CudaModule module = _driver.LoadModule(CudaMachine.Kernels());

        NativeException exception = Assert.ThrowsExactly<NativeException>(
            () => _driver.GetFunction(module, "no_such_kernel"));

        Assert.AreEqual(CudaResult.NotFound, exception.Status);
        StringAssert.Contains(exception.Message, "the kernel is no_such_kernel");
        _driver.Unload(module);
    }

    [TestMethod]
    internal void AnImageThatIsNoCodeIsRefused()
    {
        NativeException exception = Assert.ThrowsExactly<NativeException>(
            () => _driver.LoadModule("not device code"u8));

        StringAssert.Contains(exception.Message, "ModuleLoadData failed with ");
    }

    [TestMethod]
    internal void KernelsRunAndTheirLaunchesLeaveNoGarbage()
    {
        CudaModule module = _driver.LoadModule(CudaMachine.Kernels());
        CudaFunction axpy = _driver.GetFunction(module, "axpy");
        float[] ones = [.. Enumerable.Repeat(1f, 1003)];
        using DeviceArray<float> x = new(_driver, _stream, ones);
        using DeviceArray<float> y = new(_driver, _stream, ones);
        using DeviceArray<float> alpha = new(_driver, _stream, [2f]);
        Add(axpy, alpha, x, y);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++)
        {
            Add(axpy, alpha, x, y);
        }

        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
        CollectionAssert.AreEqual(Enumerable.Repeat(23f, 1003).ToArray(), y.Read());
        _driver.Unload(module);
    }

    [TestMethod]
    internal void ALaunchThatIsTooLargeNamesItsKernel()
    {
        CudaModule module = _driver.LoadModule(CudaMachine.Kernels());
        CudaFunction fill = _driver.GetFunction(module, "fill");

        NativeException exception = Assert.ThrowsExactly<NativeException>(
            () => _driver.Launch(fill, 1, 4096, _stream, [0, 0, 0]));

        StringAssert.Contains(exception.Message, "the kernel is fill with 1 blocks of 4096 threads");
        _driver.Unload(module);
    }

    [TestMethod]
    internal void MoreArgumentsThanALaunchTakesAreRefused()
    {
        ArgumentException exception = Assert.ThrowsExactly<ArgumentException>(
            () => _driver.Launch(default, 1, 1, _stream, new ulong[33], "many"));

        StringAssert.Contains(exception.Message, "many was given 33 arguments");
    }

    [TestMethod]
    internal void CapturedWorkRunsWhenItsGraphIsLaunchedAndNotBefore()
    {
        CudaModule module = _driver.LoadModule(CudaMachine.Kernels());
        CudaFunction axpy = _driver.GetFunction(module, "axpy");
        using DeviceArray<float> x = new(_driver, _stream, [1, 2]);
        using DeviceArray<float> y = new(_driver, _stream, [0, 0]);
        using DeviceArray<float> alpha = new(_driver, _stream, [10]);

        _driver.BeginCapture(_stream);
        Add(axpy, alpha, x, y);
        CudaGraph graph = _driver.EndCapture(_stream);
        CudaGraphExec executable = _driver.Instantiate(graph);
        _driver.Destroy(graph);
        CollectionAssert.AreEqual((float[])[0, 0], y.Read());

        _driver.Launch(executable, _stream);
        _driver.Launch(executable, _stream);

        CollectionAssert.AreEqual((float[])[20, 40], y.Read());
        _driver.Destroy(executable);
        _driver.Unload(module);
    }

    private void Add(CudaFunction axpy, DeviceArray<float> alpha, DeviceArray<float> x, DeviceArray<float> y)
    {
        _driver.Launch(
            axpy, 2, 256, _stream, [(ulong)x.Count, alpha.Pointer.Address, x.Pointer.Address, y.Pointer.Address]);
    }
}
