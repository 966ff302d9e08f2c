using RevUp.Backends;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Training;

/// <summary>What a recorded step depends on: while it is the same, the same operations with the same addresses are issued.</summary>
/// <param name="Pixels">Address, and with its shape the batch.</param>
/// <param name="Targets">Address.</param>
/// <param name="Layout">Of the arena before the step (<see cref="Arena.Layout"/>): which tensors are live, and so where the step's own will be.</param>
/// <param name="Iterations">Power iterations.</param>
/// <param name="Plan">Policies.</param>
/// <param name="Inversion">Limits.</param>
internal readonly record struct StepKey(Tensor Pixels, Tensor Targets, ulong Layout, int Iterations, MemoryPlan Plan, InversionSettings Inversion);

/// <summary>
/// Issues a step as one call once it is known: it is recorded, and replayed while its key and k stay the same. What is issued for the first time under a key is
/// not recorded, because convolutions choose their algorithms then, and take memory that stays.
/// </summary>
internal sealed class StepRecorder(Backend backend) : IDisposable
{
    private RecordedWork? _work;
    private StepKey _last;
    private long _version;

    /// <summary>Steps recorded.</summary>
    public long Recordings { get; private set; }

    /// <summary>Issues <paramref name="work"/>.</summary>
    /// <param name="key">What the operations depend on.</param>
    /// <param name="version">That of the plan of k: it changes how often operations are issued and nothing else, so that no other step need come first.</param>
    /// <param name="work">The step, without copies from the host and without waiting.</param>
    public void Issue(in StepKey key, long version, Action work)
    {
        bool isKnown = key == _last;
        if (!isKnown || version != _version)
        {
            Forget();
        }
        (_last, _version) = (key, version);
        if (!isKnown)
        {
            work();
            return;
        }
        if (_work is null)
        {
            _work = backend.Record(work);
            Recordings++;
        }
        _work.Replay();
    }

    /// <summary>Forgets what was recorded.</summary>
    public void Dispose() => Forget();

    private void Forget()
    {
        _work?.Dispose();
        _work = null;
    }
}
