using System.Runtime.InteropServices;

namespace RevUp.Cli;

/// <summary>
/// Turns signals into a request to stop at the next step or sample, while it lives.
/// </summary>
/// <remarks>
/// These signals ask: INT (Ctrl-C), TERM, HUP (the terminal went away), USR1 and USR2 (Slurm's
/// <c>--signal=USR1@90</c>). A second INT or TERM ends the process at once. The others may come any
/// number of times: a closed terminal sends HUP twice. Once nothing is left to stop, INT and TERM
/// end the process as ever, and the others do nothing: they must not end a finished command as a
/// failed one. HUP that was ignored at the start, as by nohup, stays ignored.
/// </remarks>
internal sealed class Interruption : IDisposable
{
    // Linux on x64 and arm64: .NET has no names for these two, but takes their numbers.
    private const PosixSignal User1 = (PosixSignal)10;
    private const PosixSignal User2 = (PosixSignal)12;

    private const int HangUpNumber = 1;

    // The registrations last as long as the process: without one, the default would be back.
    private static readonly (PosixSignal Signal, PosixSignalRegistration Harmless)[] s_lasting =
        [.. Lasting().Select(signal => (signal, PosixSignalRegistration.Create(signal, it => it.Cancel = true)))];

    private readonly Terminal _terminal;
    private readonly string _notice;
    private readonly CancellationTokenSource _stop;
    private readonly PosixSignalRegistration[] _signals;
    private bool _interrupted;

    /// <param name="terminal">Where the stop is announced.</param>
    /// <param name="notice">The announcement.</param>
    /// <param name="attached">
    /// Whether the end of standard input asks for a stop, too: the process that started this one
    /// has ended, for whatever reason.
    /// </param>
    public Interruption(Terminal terminal, string notice, bool attached = false)
    {
        (_terminal, _notice) = (terminal, notice);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(terminal.Stop);
        if (attached)
        {
            new Thread(WatchInput) { IsBackground = true, Name = "RevUp input" }.Start();
        }
        PosixSignal[] asking = [PosixSignal.SIGINT, PosixSignal.SIGTERM, .. s_lasting.Select(it => it.Signal)];
        _signals = [.. asking.Select(signal => PosixSignalRegistration.Create(signal, Handle))];
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

    /// <summary>
    /// Asks for the stop. A signal that came just before the disposal may be handled after it.
    /// </summary>
    internal void Handle(PosixSignalContext signal)
    {
        if (signal.Signal is PosixSignal.SIGINT or PosixSignal.SIGTERM && Interlocked.Exchange(ref _interrupted, true))
        {
            _terminal.ShowCursor();
            return;
        }
        signal.Cancel = true;
        if (Stop())
        {
            _terminal.NoteAboveDisplay(_notice);
        }
    }

    // Whether it is new that the work is to stop. Once disposed, nothing is left to stop.
    private bool Stop()
    {
        try
        {
            bool isNew = !_stop.IsCancellationRequested;
            _stop.Cancel();
            return isNew;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    private static PosixSignal[] Lasting() =>
        IgnoresHangUp() ? [User1, User2] : [User1, User2, PosixSignal.SIGHUP];

    // "SigIgn:" and a mask in hexadecimal, whose lowest bit is signal 1.
    private static bool IgnoresHangUp()
    {
        const string Field = "SigIgn:";
        string? line = File.ReadLines("/proc/self/status")
            .FirstOrDefault(line => line.StartsWith(Field, StringComparison.Ordinal));
        return line is not null
            && ulong.TryParse(
                line.AsSpan(Field.Length), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong ignored)
            && (ignored >> (HangUpNumber - 1) & 1) != 0;
    }

    private void WatchInput()
    {
        using Stream input = Console.OpenStandardInput();
        byte[] ignored = new byte[256];
        while (input.Read(ignored) > 0)
        {
        }
        Stop();
    }
}
