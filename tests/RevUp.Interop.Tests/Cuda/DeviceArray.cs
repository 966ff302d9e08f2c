namespace RevUp.Interop.Tests.Cuda;

/// <summary>Elements in device memory, with copies that wait.</summary>
internal sealed unsafe class DeviceArray<T> : IDisposable
    where T : unmanaged
{
    private readonly ICudaDriver _driver;
    private readonly CudaStream _stream;

    internal DeviceArray(ICudaDriver driver, CudaStream stream, ReadOnlySpan<T> values)
    {
        (_driver, _stream, Count) = (driver, stream, values.Length);
        Pointer = driver.Allocate(values.Length * sizeof(T));
        Write(values);
    }

    internal DevicePointer Pointer { get; }

    internal int Count { get; }

    internal void Write(ReadOnlySpan<T> values)
    {
        nint host = _driver.AllocateHost(values.Length * sizeof(T));
        values.CopyTo(new Span<T>((void*)host, values.Length));
        _driver.CopyToDevice(Pointer, host, values.Length * sizeof(T), _stream);
        _driver.Synchronize(_stream);
        _driver.FreeHost(host);
    }

    internal T[] Read()
    {
        nint host = _driver.AllocateHost(Count * sizeof(T));
        _driver.CopyToHost(host, Pointer, Count * sizeof(T), _stream);
        _driver.Synchronize(_stream);
        T[] values = new Span<T>((void*)host, Count).ToArray();
        _driver.FreeHost(host);
        return values;
    }

    public void Dispose() => _driver.Free(Pointer);
}
