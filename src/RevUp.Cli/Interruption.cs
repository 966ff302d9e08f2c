using System.Runtime.InteropServices;
using RevUp.Cli.Output;

namespace RevUp.Cli;

/// <summary>While it lives, the first Ctrl-C or SIGTERM asks for a stop at the next step or sample; the second ends the process at once.</summary>
internal sealed class Interruption : IDisposable
{
    private readonly Terminal _terminal;
    private readonly string _notice;
    private readonly CancellationTokenSource _stop;
    private readonly PosixSignalRegistration[] _signals;

    /// <param name="terminal">Where the stop is announced.</param>
    /// <param name="notice">What it says.</param>
    /// <param name="attached">Whether the end of standard input asks for a stop as well: that of a process which started this one, whatever ended it.</param>
    public Interruption(Terminal terminal, string notice, bool attached = false)
    {
        (_terminal, _notice) = (terminal, notice);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(terminal.Stop);
        if (attached)
        {
            new Thread(WatchInput) { IsBackground = true, Name = "RevUp input" }.Start();
        }
        _signals = [PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle), PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle)];
    }

    public CancellationToken Token => _stop.Token;

    public void Dispose()
    {
        foreach (PosixSignalRegistration signal in _signals)
        {
            signal.Dispose();
        }
        _stop.Dispose();
    }

    private void Handle(PosixSignalContext signal)
    {
        if (_stop.IsCancellationRequested)
        {
            _terminal.ShowCursor();
            return;
        }
        signal.Cancel = true;
        _stop.Cancel();
        _terminal.NoteAboveDisplay(_notice);
    }

    private void WatchInput()
    {
        using Stream input = Console.OpenStandardInput();
        byte[] ignored = new byte[256];
        while (input.Read(ignored) > 0)
        {
        }
        try
        {
            _stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // Nothing is left to stop.
        }
    }
}
