using System.Collections.Concurrent;

namespace RevUp.Inference;

/// <summary>
/// An object that is made, used and disposed on its own thread. Any thread may request work on the
/// object. Requests are done one at a time, in order of arrival, and the requesting threads wait,
/// unless they only post.
/// </summary>
/// <remarks>
/// A lock would not do. OpenMP keeps a team of workers for every thread that calls it, and a CUDA
/// context belongs to the thread that made it current. One thread needs one team and one context
/// only.
/// </remarks>
internal sealed class ThreadBound<T> : IDisposable
    where T : IDisposable
{
    private readonly BlockingCollection<Action<T>> _requests = [];
    private readonly Thread _thread;
    private bool _disposed;

    /// <summary>Starts the thread and waits until it has made the object.</summary>
    /// <param name="name">Of the thread, for debuggers.</param>
    /// <param name="create">
    /// Makes the object. What it throws is thrown here, and there is no thread then.
    /// </param>
    public ThreadBound(string name, Func<T> create)
    {
        TaskCompletionSource created = new();
        _thread = new Thread(() => Work(create, created)) { Name = name, IsBackground = true };
        _thread.Start();
        try
        {
            created.Task.GetAwaiter().GetResult();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The result of <paramref name="work"/>, or what it threw.</summary>
    /// <exception cref="ObjectDisposedException">The object is being disposed.</exception>
    public TResult Invoke<TResult>(Func<T, TResult> work)
    {
        TaskCompletionSource<TResult> result = new();
        Post(value => Complete(result, work, value));
        return result.Task.GetAwaiter().GetResult();
    }

    /// <summary>
    /// Requests <paramref name="work"/>, which must not throw, and does not wait for it.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The object is being disposed.</exception>
    public void Post(Action<T> work)
    {
        try
        {
            _requests.Add(work);
        }
        catch (InvalidOperationException exception)
        {
            // A collection that takes nothing more says so, whether it is only closed or disposed
            // already.
            throw new ObjectDisposedException($"The {_thread.Name} was disposed.", exception);
        }
    }

    /// <summary>
    /// Lets the requests that have arrived finish, disposes the object and ends the thread.
    /// </summary>
    public void Dispose()
    {
        if (!Interlocked.Exchange(ref _disposed, true))
        {
            _requests.CompleteAdding();
            _thread.Join();
            _requests.Dispose();
        }
    }

    private static void Complete<TResult>(TaskCompletionSource<TResult> result, Func<T, TResult> work, T value)
    {
        try
        {
            result.SetResult(work(value));
        }
        catch (Exception exception)
        {
            result.SetException(exception);
        }
    }

    private void Work(Func<T> create, TaskCompletionSource created)
    {
        T value;
        try
        {
            value = create();
        }
        catch (Exception exception)
        {
            created.SetException(exception);
            return;
        }
        using (value)
        {
            created.SetResult();
            foreach (Action<T> request in _requests.GetConsumingEnumerable())
            {
                request(value);
            }
        }
    }
}
