using System.Diagnostics;

namespace RevUp.Cli;

/// <summary>A command of this tool under NVIDIA Nsight Systems.</summary>
/// <param name="nsys">The program nsys.</param>
/// <param name="file">Where the report goes; nsys adds .nsys-rep where it is missing.</param>
/// <param name="tool">This tool's program.</param>
internal sealed class NsysRecording(string nsys, string file, string tool)
{
    private const string Name = "nsys";
    private const string Extension = ".nsys-rep";

    // Collection begins and ends with the window; the command goes on to its end.
    private static readonly string[] s_options =
    [
        "profile", "--trace=cuda,nvtx,cudnn,cublas", "--sample=none", "--cpuctxsw=none",
        "--capture-range=cudaProfilerApi", "--capture-range-end=stop", "--cuda-graph-trace=node",
    ];

    private readonly string _report =
        file.EndsWith(Extension, StringComparison.Ordinal) ? file : file + Extension;

    /// <summary>The program nsys in the folders of PATH.</summary>
    /// <exception cref="ConfigurationException">It is in none.</exception>
    public static string Find(string? path)
    {
        string? found = (path ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, Name)).FirstOrDefault(File.Exists);
        return found ?? throw new ConfigurationException(
            "--nsys needs NVIDIA Nsight Systems, and no folder of PATH has the program nsys; install it, or leave "
            + "--nsys out: CUDA events then tell the times.");
    }

    /// <summary>Runs a command line to its end and returns the path of the report.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="said">Gets what nsys and the command say, a line at a time.</param>
    /// <exception cref="ConfigurationException">
    /// The report is there already, or nsys or the command failed.
    /// </exception>
    public string Run(IEnumerable<string> arguments, Action<string> said)
    {
        ConfigurationException.Require(
            !File.Exists(_report),
            $"The report {_report} is there already; name another file after --nsys, or delete it");
        using Process process = new()
        {
            StartInfo = new ProcessStartInfo(nsys, [.. s_options, $"--output={_report}", tool, .. arguments])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        string last = "";
        object order = new();
        process.OutputDataReceived += Say;
        process.ErrorDataReceived += Say;
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        process.WaitForExit();
        bool isThere = File.Exists(_report);
        ConfigurationException.Require(
            process.ExitCode == 0 && isThere,
            $"nsys ended with status {process.ExitCode}{(isThere ? "" : " and without a report")}; its last line: "
            + $"{last.TrimEnd('.')}");
        return _report;

        void Say(object sender, DataReceivedEventArgs line)
        {
            lock (order)
            {
                if (line.Data is { Length: > 0 } text)
                {
                    last = text;
                    said(text);
                }
            }
        }
    }
}
