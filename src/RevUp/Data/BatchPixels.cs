using RevUp.Backends;
using RevUp.Data.Transforms;
using RevUp.Tensors;

namespace RevUp.Data;

/// <summary>
/// Samples of a batch on the host, [N, (D), H, W, C]: normalised floats, or bytes that the device
/// normalises, cuts and mixes, at a quarter of the traffic.
/// </summary>
internal readonly ref struct BatchPixels
{
    private readonly ReadOnlySpan<float> _values;
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly ReadOnlySpan<SampleChanges> _changes;
    private readonly ChannelNormalization? _normalization;

    /// <summary>Normalised floats.</summary>
    public BatchPixels(ReadOnlySpan<float> values) => _values = values;

    /// <summary>Bytes.</summary>
    /// <param name="bytes">N·(D)·H·W·C of them.</param>
    /// <param name="changes">One for each sample; empty where none is changed.</param>
    /// <param name="normalization">Of the training set.</param>
    public BatchPixels(
        ReadOnlySpan<byte> bytes, ReadOnlySpan<SampleChanges> changes, ChannelNormalization normalization)
    {
        _bytes = bytes;
        _changes = changes;
        _normalization = normalization;
    }

    /// <summary>N·(D)·H·W·C.</summary>
    public int Length => _values.Length + _bytes.Length;

    /// <summary>Bytes of the numbers on the host.</summary>
    public long Bytes => (long)_values.Length * sizeof(float) + _bytes.Length;

    /// <summary>Whether there are no samples.</summary>
    public bool IsEmpty => Length == 0;

    /// <summary>Some of the samples of a batch without changes.</summary>
    /// <exception cref="InvalidOperationException">Samples are cut or mixed.</exception>
    public BatchPixels Slice(int start, int length)
    {
        if (!_changes.IsEmpty)
        {
            throw new InvalidOperationException("The samples of this batch are cut or mixed; use it as a whole.");
        }
        return _normalization is null
            ? new(_values.Slice(start, length))
            : new(_bytes.Slice(start, length), default, _normalization);
    }

    /// <summary>The samples with left and right exchanged.</summary>
    /// <param name="sample">[1, (D), H, W, C].</param>
    /// <param name="buffer">At least <see cref="Bytes"/>; the result lies there.</param>
    /// <exception cref="InvalidOperationException">Samples are cut or mixed.</exception>
    public BatchPixels Mirrored(Shape sample, Span<byte> buffer)
    {
        BatchPixels all = Slice(0, Length);
        int width = sample[sample.Rank - 2];
        if (_normalization is not null)
        {
            Span<byte> bytes = buffer[.._bytes.Length];
            all._bytes.CopyTo(bytes);
            AxisMirror.Reverse(bytes, sample.Channels, width);
            return new(bytes, default, _normalization);
        }
        Span<float> values = MemoryMarshal.Cast<byte, float>(buffer)[.._values.Length];
        all._values.CopyTo(values);
        AxisMirror.Reverse(values, sample.Channels, width);
        return new(values);
    }

    /// <summary>The pixels, back from the device.</summary>
    /// <param name="backend">The device.</param>
    /// <param name="sample">[1, (D), H, W, C].</param>
    public float[] ToArray(Backend backend, Shape sample)
    {
        using Driving driving = backend.Drive();
        float[] values = new float[Length];
        Tensor pixels = backend.Memory.Allocate(
            sample.WithBatch((int)(Length / sample.Count)), ElementType.Float32, MemoryPurpose.Activations);
        try
        {
            Upload(backend, pixels);
            backend.Download<float>(pixels, values);
            return values;
        }
        finally
        {
            backend.Memory.Free(pixels);
        }
    }

    /// <summary>
    /// Writes the pixels to a tensor of the device, behind the work issued before. The host's
    /// memory may change as soon as this returns.
    /// </summary>
    public void Upload(Backend backend, Tensor pixels)
    {
        if (_normalization is null)
        {
            backend.Upload(_values, pixels);
            return;
        }
        DevicePixels device = Allocate(backend.Memory, pixels.Shape);
        try
        {
            backend.Upload(_bytes, device.Samples);
            backend.Upload(_normalization.ByteTable, device.Table);
            if (!_changes.IsEmpty)
            {
                backend.Upload(MemoryMarshal.Cast<SampleChanges, double>(_changes), device.Changes);
            }
            device.Write(backend, pixels);
        }
        finally
        {
            device.Free(backend.Memory);
        }
    }

    /// <summary>Copies the samples beside the work of the device, as they are.</summary>
    /// <param name="backend">The device.</param>
    /// <param name="device">Memory that fits these samples.</param>
    public void Stage(Backend backend, DevicePixels device)
    {
        if (_normalization is null)
        {
            backend.Stage(_values, device.Samples);
            return;
        }
        backend.Stage(_bytes, device.Samples);
        backend.Stage(_normalization.ByteTable, device.Table);
        if (!_changes.IsEmpty)
        {
            backend.Stage(MemoryMarshal.Cast<SampleChanges, double>(_changes), device.Changes);
        }
    }

    /// <summary>Memory for the samples as they are; the caller frees it.</summary>
    /// <param name="memory">Of the device.</param>
    /// <param name="shape">[N, (D), H, W, C].</param>
    public DevicePixels Allocate(Arena memory, Shape shape) => _normalization is null
        ? DevicePixels.AllocateFloats(memory, shape)
        : DevicePixels.AllocateBytes(memory, shape, withChanges: !_changes.IsEmpty);

    /// <summary>Whether memory that was allocated for other samples fits these.</summary>
    public bool Fits(DevicePixels device) =>
        !device.Samples.IsEmpty && device.Samples.Count == Length
        && device.IsBytes == (_normalization is not null) && device.Changes.IsEmpty == _changes.IsEmpty;
}
