using RevUp.Backends;

namespace RevUp.Training;

/// <summary>
/// Issues a step as one call once it is known: it is recorded, and replayed while its key and k
/// stay the same. What is issued for the first time under a key is not recorded, because
/// convolutions choose their algorithms then, and take memory that stays.
/// </summary>
internal sealed class StepRecorder(Backend backend) : IDisposable
{
    private RecordedWork? _work;
    private StepKey _last;
    private long _version;

    /// <summary>Steps recorded.</summary>
    public long Recordings { get; private set; }

    /// <summary>Issues <paramref name="work"/>.</summary>
    /// <param name="key">Facts that the operations depend on.</param>
    /// <param name="version">
    /// Version of the plan of k: it changes how often operations are issued and nothing else, so
    /// that no other step need come first.
    /// </param>
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

    /// <summary>The next step is not known: it is neither recorded nor replayed.</summary>
    public void Restart()
    {
        Forget();
        _last = default;
    }

    /// <summary>Forgets what was recorded.</summary>
    public void Dispose() => Forget();

    private void Forget()
    {
        _work?.Dispose();
        _work = null;
    }
}
