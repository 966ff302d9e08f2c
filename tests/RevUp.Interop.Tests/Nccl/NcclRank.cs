using System.Runtime.ExceptionServices;
using RevUp.Interop.Nccl;
using RevUp.Interop.Tests.Cuda;

namespace RevUp.Interop.Tests.Nccl;

/// <summary>
/// A rank that is a thread with a device of its own. A machine with too few devices makes a test
/// inconclusive.
/// </summary>
internal sealed class NcclRank : IDisposable
{
    private NcclRank(int number, int size, NcclUniqueId id)
    {
        Driver = CudaDriver.Open(number);
        Stream = Driver.CreateUrgentStream();
        All = NcclCommunicator.Join(number, size, id);
    }

    internal CudaDriver Driver { get; }

    internal CudaStream Stream { get; }

    internal NcclCommunicator All { get; }

    /// <summary>Runs ranks to their ends. The first failure is the test's.</summary>
    internal static void Run(int size, Action<NcclRank> body)
    {
        byte[] name = Id(size).ToArray();
        Exception?[] failures = new Exception?[size];
        Thread[] threads = [.. Enumerable.Range(0, size).Select(number => new Thread(() =>
        {
            try
            {
                using NcclRank rank = new(number, size, NcclUniqueId.Read(name));
                body(rank);
            }
            catch (Exception exception)
            {
                failures[number] = exception;
            }
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        if (failures.OfType<Exception>().FirstOrDefault() is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    /// <summary>A new name, once as many devices and the library are known to be there.</summary>
    internal static NcclUniqueId Id(int devices)
    {
        using (CudaMachine.Open())
        {
            if (CudaDevice.All().Count < devices)
            {
                Assert.Inconclusive($"The test needs {devices} devices.");
            }
        }

        if (!NativeLibraries.TryLoad(NativeLibraries.Nccl, out string? reason))
        {
            Assert.Inconclusive(reason);
        }

        return NcclCommunicator.CreateId();
    }

    /// <summary>Values in device memory.</summary>
    internal DeviceArray<T> Values<T>(params T[] values)
        where T : unmanaged => new(Driver, Stream, values);

    public void Dispose()
    {
        All.Dispose();
        Driver.Destroy(Stream);
        Driver.Dispose();
    }
}
