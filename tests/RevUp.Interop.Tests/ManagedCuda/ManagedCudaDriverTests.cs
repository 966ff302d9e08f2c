using RevUp.Interop.ManagedCuda;

namespace RevUp.Interop.Tests.Cuda;

/// <summary>
/// The driver contract on ManagedCuda: every test of <see cref="DriverTests"/>, and that it is the
/// same device and context.
/// </summary>
[TestClass]
internal sealed class ManagedCudaDriverTests : DriverTests
{
    protected override ICudaProvider Provider => new ManagedCudaProvider();

    [TestMethod]
    internal void ItDescribesTheDeviceAsOurBindingsDo()
    {
        using CudaDriver expected = CudaMachine.Open();
        using ICudaDriver actual = CudaMachine.Open(Provider);

        Assert.AreEqual(expected.Device, actual.Device);
        Assert.AreEqual(expected.DriverVersion, actual.DriverVersion);
    }

    [TestMethod]
    internal void MemoryOfOneProviderIsReadByTheOther()
    {
        using CudaDriver ours = CudaMachine.Open();
        using ICudaDriver theirs = CudaMachine.Open(Provider);
        CudaStream stream = ours.CreateStream();
        using (DeviceArray<uint> written = new(theirs, stream, [1, 2, 3]))
        using (DeviceArray<uint> copy = new(ours, stream, [0, 0, 0]))
        {
            ours.Copy(copy.Pointer, written.Pointer, 12, stream);
            CollectionAssert.AreEqual((uint[])[1, 2, 3], copy.Read());
        }

        ours.Destroy(stream);
    }

    [TestMethod]
    internal void ADeviceThatIsNotThereIsNamedWithTheCount()
    {
        if (!CudaOnCpu.IsUsable)
        {
            Assert.Inconclusive("This machine has no CUDA.");
        }

        NativeException exception = Assert.ThrowsExactly<NativeException>(() => Provider.OpenDriver(99));

        StringAssert.Contains(exception.Message, "device 99 was asked for and there are 1");
    }
}
