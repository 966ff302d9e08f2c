using RevUp.Backends;
using RevUp.Data;
using RevUp.Models;
using RevUp.Tensors;

namespace RevUp.Training;

/// <summary>
/// The batch of a step on the device. While an asynchronous device computes with one, the next is
/// staged: copied into buffers of its own, which stay allocated because memory that the step in
/// flight has given back on the host is still in use on the device.
/// </summary>
internal sealed class StepInput(RevUpNet net, Objective objective) : IDisposable
{
    // Numbers that are looked at together.
    private const int FaultPart = 1 << 20;

    private readonly Backend _backend = net.Backend;
    private DevicePixels _staged; // as they came, on an asynchronous device
    private Tensor _stagedPixels; // of the next step, on another
    private Tensor _stagedTargets;
    private bool _isStaged;

    /// <summary>[N, …], of the step; empty between steps.</summary>
    public Tensor Pixels { get; private set; }

    /// <summary>Of the step, as its objective takes them; empty between steps.</summary>
    public Tensor Targets { get; private set; }

    /// <summary>N of the step.</summary>
    public int Batch => Pixels.Shape.Batch;

    /// <summary>Copies the step's batch.</summary>
    /// <exception cref="ArgumentException">As of <see cref="Objective.Samples"/>.</exception>
    public void Load<T>(BatchPixels pixels, ReadOnlySpan<T> targets) where T : unmanaged =>
        (Pixels, Targets) = Upload(pixels, targets, objective.Samples(pixels, targets));

    /// <summary>
    /// Copies the batch of the step after this one; a batch staged before is replaced.
    /// </summary>
    /// <exception cref="ArgumentException">As of <see cref="Objective.Samples"/>.</exception>
    public void Stage<T>(BatchPixels pixels, ReadOnlySpan<T> targets) where T : unmanaged
    {
        int batch = objective.Samples(pixels, targets);
        if (!_backend.IsAsynchronous)
        {
            FreeStaged();
            (_stagedPixels, _stagedTargets) = Upload(pixels, targets, batch);
        }
        else
        {
            if (_stagedTargets.IsEmpty || !pixels.Fits(_staged))
            {
                FreeStaged();
                _staged = pixels.Allocate(_backend.Memory, net.Sample.WithBatch(batch));
                _stagedTargets = AllocateTargets(batch);
                _backend.ReleaseStaged();
            }
            pixels.Stage(_backend, _staged);
            _backend.Stage(targets, _stagedTargets);
        }
        _isStaged = true;
    }

    /// <summary>Makes the staged batch the step's.</summary>
    /// <exception cref="InvalidOperationException">None was staged.</exception>
    public void Receive()
    {
        if (!_isStaged)
        {
            throw new InvalidOperationException(
                $"There is no batch to start a step with; call {nameof(TrainingStep.Stage)} first.");
        }
        _isStaged = false;
        if (!_backend.IsAsynchronous)
        {
            // Nothing was in flight: the buffers themselves are handed over.
            (Pixels, Targets) = (_stagedPixels, _stagedTargets);
            (_stagedPixels, _stagedTargets) = (default, default);
            return;
        }
        (Pixels, Targets) = Allocate(_stagedTargets.Shape[0]);
        _backend.ReceiveStaged();
        _staged.Write(_backend, Pixels);
        _backend.Cast(_stagedTargets, Targets);
        _backend.ReleaseStaged();
    }

    /// <summary>
    /// The first number of the step's batch that is not finite, in words; null when there is none.
    /// </summary>
    public string? Fault() =>
        Fault(Pixels, "pixels") ?? (Targets.Type == ElementType.Float32 ? Fault(Targets, "targets") : null);

    /// <summary>Gives the step's batch back; does nothing when there is none.</summary>
    public void Release()
    {
        Free(Pixels);
        Free(Targets);
        (Pixels, Targets) = (default, default);
    }

    public void Dispose()
    {
        Release();
        FreeStaged();
    }

    private (Tensor Pixels, Tensor Targets) Allocate(int batch)
    {
        Tensor pixels = _backend.Memory.Allocate(
            net.Sample.WithBatch(batch), ElementType.Float32, MemoryPurpose.Activations);
        try
        {
            return (pixels, AllocateTargets(batch));
        }
        catch
        {
            _backend.Memory.Free(pixels);
            throw;
        }
    }

    private Tensor AllocateTargets(int batch) =>
        _backend.Memory.Allocate(objective.Targets(batch), objective.TargetType, MemoryPurpose.Activations);

    private (Tensor Pixels, Tensor Targets) Upload<T>(BatchPixels pixels, ReadOnlySpan<T> targets, int batch)
        where T : unmanaged
    {
        (Tensor Pixels, Tensor Targets) tensors = Allocate(batch);
        try
        {
            pixels.Upload(_backend, tensors.Pixels);
            _backend.Upload(targets, tensors.Targets);
            return tensors;
        }
        catch
        {
            Free(tensors.Pixels);
            Free(tensors.Targets);
            throw;
        }
    }

    // A copy that is still on its way must not arrive in memory that has become another tensor's.
    private void FreeStaged()
    {
        _backend.ReceiveStaged();
        _staged.Free(_backend.Memory);
        Free(_stagedPixels);
        Free(_stagedTargets);
        _staged = default;
        (_stagedPixels, _stagedTargets, _isStaged) = (default, default, false);
    }

    private string? Fault(Tensor tensor, string name)
    {
        float[] part = new float[Math.Min(tensor.Count, FaultPart)];
        for (long start = 0; start < tensor.Count; start += part.Length)
        {
            Span<float> values = part.AsSpan(0, (int)Math.Min(part.Length, tensor.Count - start));
            _backend.Download(tensor.Slice(start, new Shape(values.Length)), values);
            if (FiniteValues.IndexOfOther(values) is >= 0 and var place)
            {
                long index = start + place;
                return string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name}[{index}], in sample {index / (tensor.Count / tensor.Shape.Batch)}, is {values[place]}");
            }
        }
        return null;
    }

    private void Free(Tensor tensor)
    {
        if (!tensor.IsEmpty)
        {
            _backend.Memory.Free(tensor);
        }
    }
}
