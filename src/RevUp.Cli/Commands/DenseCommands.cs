using RevUp.Data.Dense;

namespace RevUp.Cli.Commands;

/// <summary>The parts of <c>revup data</c> for data with label maps.</summary>
internal static class DenseCommands
{
    /// <summary><c>data info</c>: counts cases and voxels.</summary>
    public static void Info(Terminal terminal, bool isJson, string folder, DatasetKind kind)
    {
        DenseSummary summary = ProgressBar.Show(
            terminal, "read", progress => DenseSummary.Read(folder, kind, progress: progress));
        if (isJson)
        {
            terminal.WriteJson(new DenseDataDocument(Format.Name(summary.Kind), summary.Parts));
            return;
        }
        foreach (DensePart part in summary.Parts)
        {
            DenseTables.Write(terminal, summary.Kind, part);
        }
    }

    /// <summary><c>data verify</c>: reads all and names what cannot be used.</summary>
    public static int Verify(Terminal terminal, bool isJson, string folder, DatasetKind kind, CancellationToken stop)
    {
        DenseSummary summary = ProgressBar.Show(
            terminal, "verified", progress => DenseSummary.Read(folder, kind, isFull: true, progress, stop));
        int all = summary.Parts.Sum(part => part.Cases);
        string[] damaged = [.. summary.Parts.SelectMany(part => part.Damaged)];
        return DataCommand.Report(
            terminal, isJson, "cases", all, damaged, summary.Parts.SelectMany(part => part.Findings));
    }

    /// <summary><c>data prepare dense</c>: resamples and normalises cases once.</summary>
    public static Command Prepare(Terminal terminal, CommonOptions common)
    {
        Argument<string> source = Usage.Argument(
            "FOLDER", "dataset.json with imagesTr and labelsTr, as nnU-Net or the Decathlon has it.");
        Argument<string> output = Usage.Argument(
            "OUTPUT", "The folder to write; new, or of the same call that stopped early.");
        Option<double[]> spacing = new("--spacing")
        {
            Description = "Millimetres along D, H, W; by default the median of the training cases.",
            HelpName = "MM,MM,MM",
            CustomParser = ParseSpacing,
        };
        Option<bool> single = Usage.Flag("--float32", "Store values as float32 and not as float16.");
        Option<bool> allowSkipped = Usage.Flag(
            "--allow-skipped", "Leave out files that are no case and might have been one.");
        Command command = new(
            "dense", "Volumes with label maps: cropped, normalised and resampled by nnU-Net's rules, ready to be cut.")
        {
            source, output, spacing, single, allowSkipped,
        };
        command.SetAction(arguments => DataCommand.Stoppable(
            terminal,
            "Stopping after this case; once more ends at once.",
            "Stopped before the end; the same command goes on from there.",
            stop =>
            {
                SegmentationFolder folder = SegmentationFolder.Read(arguments.GetRequiredValue(source));
                if (!arguments.GetValue(allowSkipped))
                {
                    DataFinding.RequireNoProblem(folder.Path, folder.Findings, "say --allow-skipped");
                }
                string to = arguments.GetRequiredValue(output);
                PreparedFolder prepared = ProgressBar.Show(terminal, "prepared", progress => CasePreparer.Prepare(
                    folder,
                    to,
                    arguments.GetValue(spacing) ?? [],
                    arguments.GetValue(single),
                    progress,
                    stop));
                Report(terminal, arguments.GetValue(common.Json), to, folder, prepared);
                return ExitCode.Success;
            }));
        return command;
    }

    private static void Report(
        Terminal terminal, bool isJson, string output, SegmentationFolder folder, PreparedFolder prepared)
    {
        IReadOnlyList<double> spacing = prepared.Preparation.Spacing;
        if (isJson)
        {
            terminal.WriteJson(
                new PrepareDocument(output, folder.Cases.Count, spacing, folder.Channels, folder.Labels.Names));
            return;
        }
        terminal.WriteLine(
            FormattableString.Invariant($"{folder.Cases.Count} cases at {string.Join(" × ", spacing.Select(Step))} mm ")
            + $"in {output}. Train with:");
        string[] recipe = FileNames.IsImage(folder.Cases[0].Images[0])
            ? ["segment-2d", "--set", "data.dataset=segmentationFolder"]
            : ["segment-3d"];
        terminal.WriteLine(
            "  " + CommandName.Line(["train", "--recipe", .. recipe, "--set", $"data.path={output}"]));

        static string Step(double step) => step.ToString("0.###", CultureInfo.InvariantCulture);
    }

    private static double[] ParseSpacing(ArgumentResult argument)
    {
        string word = argument.Tokens[0].Value;
        double[] steps =
        [
            .. word.Split(',').Select(
                text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double step)
                    ? step
                    : double.NaN),
        ];
        if (steps.Length != 3 || !steps.All(
            step => step is >= DensePreparation.LeastSpacing and <= DensePreparation.MostSpacing))
        {
            argument.AddError($"--spacing is '{word}'; give three numbers of 0.000001 to 1000, such as 1,1,1.");
        }
        return steps;
    }
}
