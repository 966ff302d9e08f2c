using RevUp.Backends;
using RevUp.Models;
using RevUp.Tensors;

namespace RevUp.Training;

/// <summary>
/// The batch of a step on the device. While an asynchronous device computes with one, the next is
/// staged: copied into buffers of its own, which stay allocated because memory that the step in
/// flight has given back on the host is still in use on the device.
/// </summary>
internal sealed class StepInput(RevUpNet net) : IDisposable
{
    private readonly Backend _backend = net.Backend;
    private Tensor _stagedPixels;
    private Tensor _stagedTargets;
    private bool _isStaged;

    /// <summary>[N, …], of the step; empty between steps.</summary>
    public Tensor Pixels { get; private set; }

    /// <summary>[N, classes], of the step; empty between steps.</summary>
    public Tensor Targets { get; private set; }

    /// <summary>N of the step.</summary>
    public int Batch => Pixels.Shape.Batch;

    /// <summary>N of a batch.</summary>
    /// <exception cref="ArgumentException">
    /// Pixels and targets do not have the same, whole number of samples.
    /// </exception>
    public int Samples(ReadOnlySpan<float> pixels, ReadOnlySpan<float> targets)
    {
        int batch = (int)(pixels.Length / net.Sample.Count);
        return batch > 0 && pixels.Length % net.Sample.Count == 0 && targets.Length == (long)batch * net.Classes
            ? batch
            : throw new ArgumentException(
                $"{pixels.Length} pixels and {targets.Length} targets are not a batch of samples {net.Sample} with "
                + $"{net.Classes} classes.",
                batch > 0 && pixels.Length % net.Sample.Count == 0 ? nameof(targets) : nameof(pixels));
    }

    /// <summary>Copies the step's batch.</summary>
    /// <exception cref="ArgumentException">
    /// Pixels and targets do not have the same, whole number of samples.
    /// </exception>
    public void Load(ReadOnlySpan<float> pixels, ReadOnlySpan<float> targets)
    {
        (Pixels, Targets) = Allocate(Samples(pixels, targets));
        _backend.Upload(pixels, Pixels);
        _backend.Upload(targets, Targets);
    }

    /// <summary>
    /// Copies the batch of the step after this one; a batch staged before is replaced.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// Pixels and targets do not have the same, whole number of samples.
    /// </exception>
    public void Stage(ReadOnlySpan<float> pixels, ReadOnlySpan<float> targets)
    {
        int batch = Samples(pixels, targets);
        if (_stagedPixels.IsEmpty || _stagedPixels.Shape.Batch != batch)
        {
            FreeStaged();
            (_stagedPixels, _stagedTargets) = Allocate(batch);
            _backend.ReleaseStaged();
        }
        _backend.Stage(pixels, _stagedPixels);
        _backend.Stage(targets, _stagedTargets);
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
        (Pixels, Targets) = Allocate(_stagedPixels.Shape.Batch);
        _backend.ReceiveStaged();
        _backend.Cast(_stagedPixels, Pixels);
        _backend.Cast(_stagedTargets, Targets);
        _backend.ReleaseStaged();
    }

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
            return (
                pixels,
                _backend.Memory.Allocate(
                    new Shape(batch, net.Classes), ElementType.Float32, MemoryPurpose.Activations));
        }
        catch
        {
            _backend.Memory.Free(pixels);
            throw;
        }
    }

    // A copy that is still on its way must not arrive in memory that has become another tensor's.
    private void FreeStaged()
    {
        _backend.ReceiveStaged();
        Free(_stagedPixels);
        Free(_stagedTargets);
        (_stagedPixels, _stagedTargets, _isStaged) = (default, default, false);
    }

    private void Free(Tensor tensor)
    {
        if (!tensor.IsEmpty)
        {
            _backend.Memory.Free(tensor);
        }
    }
}
