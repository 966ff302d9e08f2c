using System.Diagnostics;
using RevUp.Cli.Reporting;

namespace RevUp.Cli.Commands;

/// <summary><c>revup report</c>: a run as one self-contained page for a browser.</summary>
internal static class ReportCommand
{
    public static Command Create(Terminal terminal, CommonOptions common)
    {
        Argument<string> run = Usage.Argument("RUN", "The run's folder; the page is report.html in it.");
        DataOptions where = new();
        Option<bool> open = Usage.Flag("--open", "Show the page in the desktop's browser.");
        Command command = new(
            "report", "Write a run's curves, memory, inversions and predictions as one self-contained HTML page.")
        {
            run, open,
        };
        where.AddTo(command);
        command.SetAction(arguments =>
        {
            using Backend backend = common.OpenBackend(arguments);
            string path = Path.GetFullPath(HtmlReport.Write(
                backend, arguments.GetRequiredValue(run), where.Overrides(arguments)));
            if (arguments.GetValue(common.Json))
            {
                terminal.WriteJson(new ReportDocument(path));
            }
            else
            {
                terminal.WriteLine(path);
            }
            if (arguments.GetValue(open))
            {
                using Process? browser = Process.Start(new ProcessStartInfo(path) { UseShellExecute = true });
            }
        });
        return command;
    }
}
