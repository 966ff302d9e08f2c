namespace RevUp.Interop.Tests.Cuda;

[TestClass]
internal sealed class PlatformTests
{
    [TestMethod]
    internal void AMachineWithNothingIsAnAnswer()
    {
        CudaPlatform platform = CudaPlatform.Probe(FindNothing);

        Assert.IsFalse(platform.IsUsable);
        Assert.IsNull(platform.Driver);
        Assert.IsEmpty(platform.Devices);
        Assert.IsNull(platform.Cudnn);
        Assert.IsNull(platform.CublasLt);
        CollectionAssert.AreEqual((string[])["no cuda", "no cudnn", "no cublasLt"], platform.Problems.ToArray());

        static bool FindNothing(string name, out string reason)
        {
            reason = $"no {name}";
            return false;
        }
    }

    [TestMethod]
    internal void ThisMachineIsUsableOrSaysWhyNot()
    {
        bool usable = CudaOnCpu.IsUsable;
        CudaPlatform platform = CudaPlatform.Probe();

        Assert.AreEqual(usable, platform.IsUsable);
        Assert.AreEqual(platform.Problems.Count == 0, platform.Driver is not null && platform.Devices.Count > 0
            && platform.Cudnn is not null && platform.CublasLt is not null);
        Assert.IsTrue(
            platform.Problems.All(problem => problem.Length > 40 && !problem.Contains('\n', StringComparison.Ordinal)));
    }

    [TestMethod]
    internal void AUsableMachineHasWhatTheKernelsNeed()
    {
        using CudaDriver driver = CudaMachine.Open();

        Assert.IsGreaterThanOrEqualTo(new Version(12, 0), driver.DriverVersion);
        Assert.AreEqual(CudaPlatform.Probe().Devices[0], driver.Device);
        Assert.IsGreaterThan(0, driver.Device.Multiprocessors);
        Assert.IsGreaterThan(0, driver.Device.ComputeCapability.Major);
        Assert.AreNotEqual("", driver.Device.Name);
        (long free, long total) = driver.MemoryInfo();
        Assert.IsTrue(free > 0 && free <= total, $"{free} of {total} bytes");
    }

    [TestMethod]
    [DataRow(12040, "12.4")]
    [DataRow(13000, "13.0")]
    internal void TheDriversNumberIsAVersion(int number, string expected) =>
        Assert.AreEqual(expected, CudaPlatform.DriverVersionOf(number).ToString());
}
