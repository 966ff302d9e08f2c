using System.Diagnostics;
using System.Text.Json;

namespace RevUp.Benchmarks;

/// <summary>
/// A process that measures one thing, so that its peak memory belongs to this thing. It answers
/// every line on its standard input with one line of JSON, and ends with its input.
/// </summary>
internal sealed class Worker : IDisposable
{
    private readonly Process _process;

    /// <summary>Starts a program; what it writes to its standard error is passed on.</summary>
    public Worker(ProcessStartInfo start)
    {
        start.RedirectStandardInput = start.RedirectStandardOutput = true;
        _process = Process.Start(start)!;
    }

    /// <summary>How to start this program again, with other arguments.</summary>
    public static ProcessStartInfo Self(params string[] arguments)
    {
        string program = Environment.ProcessPath!;
        bool host = Path.GetFileNameWithoutExtension(program) == "dotnet";
        return new ProcessStartInfo(program, host ? [typeof(Worker).Assembly.Location, .. arguments] : arguments);
    }

    /// <summary>The worker's side: answers until the input ends.</summary>
    public static void Serve<T>(Func<T> answer)
    {
        while (Console.In.ReadLine() is not null)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(answer()));
        }
    }

    /// <summary>Lets the worker measure once and waits for it.</summary>
    /// <exception cref="StudyException">The worker ended instead.</exception>
    public T Ask<T>()
    {
        string? line = null;
        try
        {
            _process.StandardInput.WriteLine();
            line = _process.StandardOutput.ReadLine();
        }
        catch (IOException)
        {
            // A broken pipe: the worker ended, which the missing answer says as well.
        }
        if (line is null)
        {
            _process.WaitForExit();
            throw new StudyException(
                $"`{_process.StartInfo.FileName} {string.Join(' ', _process.StartInfo.ArgumentList)}` ended with "
                + $"status {_process.ExitCode} instead of " +
                "measuring. Its own message is above; without one (status 137) the system ran out of memory: "
            + "measure fewer things at once.");
        }
        return JsonSerializer.Deserialize<T>(line)!;
    }

    /// <summary>Ends the worker.</summary>
    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }
}
