using System.Text.RegularExpressions;
using RevUp.Interop.Nccl;
using RevUp.Interop.Tests.Cuda;

namespace RevUp.Interop.Tests.Nccl;

/// <summary>
/// The bindings of NCCL, on the stand-in or on devices. Tests of one rank need one device.
/// </summary>
[TestClass]
internal sealed partial class NcclTests
{
    [TestMethod]
    internal void OneRankGetsItsOwnValues() => NcclRank.Run(1, rank =>
    {
        using DeviceArray<float> x = rank.Values(1f, 2f, 3f, 4f);
        using DeviceArray<float> y = rank.Values(0f, 0f, 0f, 0f);

        rank.All.AllReduce(x.Pointer, y.Pointer, 1, NcclType.Float32, NcclOperation.Sum, rank.Stream);
        CollectionAssert.AreEqual((float[])[1, 0, 0, 0], y.Read());
        rank.All.AllGather(x.Pointer, y.Pointer, 2, NcclType.Float32, rank.Stream);
        CollectionAssert.AreEqual((float[])[1, 2, 0, 0], y.Read());
        using (NcclCommunicator.OpenGroup())
        {
            rank.All.Send(x.Pointer, 12, NcclType.Byte, 0, rank.Stream);
            rank.All.Receive(y.Pointer, 12, NcclType.Byte, 0, rank.Stream);
        }

        CollectionAssert.AreEqual((float[])[1, 2, 3, 0], y.Read());
        rank.All.Broadcast(y.Pointer, 4, NcclType.Float32, 0, rank.Stream);
        CollectionAssert.AreEqual((float[])[1, 2, 3, 0], y.Read());
        rank.All.ThrowIfFailed();
        rank.All.Complete();
        Assert.AreEqual((0, 1), (rank.All.Rank, rank.All.Size));
    });

    [TestMethod]
    internal void RanksSumCompareAndExchange() => NcclRank.Run(2, rank =>
    {
        int own = rank.All.Rank;
        using DeviceArray<double> numbers = rank.Values(own, -own, 0.1);
        using DeviceArray<float> parts = rank.Values(10f * own, (10f * own) + 1);
        using DeviceArray<float> received = rank.Values(-1f, -1f);

        using (NcclCommunicator.OpenGroup())
        {
            rank.All.AllReduce(
                numbers.Pointer, numbers.Pointer, 2, NcclType.Float64, NcclOperation.Maximum, rank.Stream);
            rank.All.AllReduce(
                new(numbers.Pointer.Address + 16), new(numbers.Pointer.Address + 16), 1, NcclType.Float64,
                NcclOperation.Sum, rank.Stream);
        }

        using (NcclCommunicator.OpenGroup())
        {
            for (uint peer = 0; peer < 2; peer++)
            {
                rank.All.Send(new(parts.Pointer.Address + (4 * peer)), 1, NcclType.Float32, (int)peer, rank.Stream);
                rank.All.Receive(
                    new(received.Pointer.Address + (4 * peer)), 1, NcclType.Float32, (int)peer, rank.Stream);
            }
        }

        CollectionAssert.AreEqual((double[])[1, 0, 0.2], numbers.Read());
        CollectionAssert.AreEqual((float[])[own, 10 + own], received.Read());
        rank.All.Broadcast(parts.Pointer, 8, NcclType.SByte, 1, rank.Stream);
        CollectionAssert.AreEqual((float[])[10, 11], parts.Read());
        rank.All.Complete();
    });

    [TestMethod]
    internal void OperationsMakeNoGarbage() => NcclRank.Run(1, rank =>
    {
        using DeviceArray<float> x = rank.Values(1f);
        Sum();

        long before = GC.GetAllocatedBytesForCurrentThread();
        Sum();
        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Sum()
        {
            using NcclGroup group = NcclCommunicator.OpenGroup();
            rank.All.AllReduce(x.Pointer, x.Pointer, 1, NcclType.Float32, NcclOperation.Sum, rank.Stream);
            rank.All.ThrowIfFailed();
        }
    });

    [TestMethod]
    internal void AFailureNamesTheCallTheCodeAndTheLibrarysLastWarning()
    {
        NcclUniqueId id = NcclRank.Id(devices: 1);
        using CudaDriver driver = CudaMachine.Open();

        NativeException exception = Assert.ThrowsExactly<NativeException>(() => NcclCommunicator.Join(5, 2, id));

        Assert.AreEqual(NcclResult.InvalidArgument, exception.Status);
        StringAssert.StartsWith(
            exception.Message, "NcclLibrary.CommInitRankConfig failed with InvalidArgument (4): invalid argument");
        StringAssert.Matches(exception.Message, Refusal());
        StringAssert.Contains(exception.Message, "Start every rank with the same program, recipe and options");
    }

    [TestMethod]
    internal void AFailureOfEnqueuedWorkIsAskedFor() => NcclRank.Run(1, rank =>
    {
        if (!NativeLibrary.TryGetExport(NativeLibraries.Handle(NativeLibraries.Cuda), "cuda_on_cpu_waits", out _))
        {
            Assert.Inconclusive("The libraries of this machine fail on no order.");
        }

        using DeviceArray<float> x = rank.Values(1f);
        CudaEvent mark = rank.Driver.CreateEvent(timing: false);
        using Variable variable = new("REVUP_NCCL_ON_CPU_ASYNC_ERROR", "0:1:6");

        rank.All.AllReduce(x.Pointer, x.Pointer, 1, NcclType.Float32, NcclOperation.Sum, rank.Stream);
        rank.Driver.Record(mark, rank.Stream);

        Assert.IsFalse(rank.Driver.IsReached(mark));
        NativeException exception = Assert.ThrowsExactly<NativeException>(rank.All.ThrowIfFailed);
        Assert.AreEqual(NcclResult.RemoteError, exception.Status);
        StringAssert.Contains(exception.Message, "Look at the messages of the other ranks");
        rank.All.Abort();
    });

    [TestMethod]
    internal void AnAddressIsANameForAllRanks()
    {
        _ = NcclRank.Id(devices: 1);
        using Variable variable = new(NcclCommunicator.AddressVariable, value: null);

        byte[] first = NcclCommunicator.IdAt("127.0.0.1:29501").ToArray();

        CollectionAssert.AreEqual(first, NcclCommunicator.CreateId().ToArray());
    }

    [TestMethod]
    internal void SumsCanBeRepeated()
    {
        _ = NcclRank.Id(devices: 1);

        Assert.AreEqual("0", Variable.Read("NCCL_NVLS_ENABLE"));
        Assert.IsGreaterThanOrEqualTo(new Version(2, 14), NcclCommunicator.Version);
    }

    [TestMethod]
    [DataRow(21803, "2.18.3")]
    [DataRow(2708, "2.7.8")]
    internal void TheNumberIsAVersion(int number, string expected) =>
        Assert.AreEqual(expected, NcclLibrary.VersionOf(number).ToString());

    // Of the stand-in, then of NVIDIA's library.
    [GeneratedRegex("5( of |/)2")]
    private static partial Regex Refusal();
}
