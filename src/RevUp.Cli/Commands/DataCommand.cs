using RevUp.Data.Dense;
using RevUp.Data.Images;

namespace RevUp.Cli.Commands;

/// <summary>
/// <c>revup data</c>: looks at a dataset, verifies it, and packs images into shards.
/// </summary>
internal static class DataCommand
{
    private const int LinesOfProgress = 20;

    private static readonly Argument<string> s_folder = Usage.Argument(
        "FOLDER", "A dataset: its folder, or a part of it in folders or shards.");

    public static Command Create(Terminal terminal, CommonOptions common)
    {
        DataPacking packing = new();
        return new Command("data", "Look at a dataset, verify it, prepare it, and pack images into shards.")
        {
            Info(terminal, common),
            Verify(terminal, common),
            Pack(terminal, common, packing),
            DataPrepareCommand.Create(terminal, common, packing),
        };
    }

    private static Command Info(Terminal terminal, CommonOptions common)
    {
        Option<DatasetKind?> kind = Kind();
        Command command = new(
            "info",
            "Count samples, classes and sizes, and name what is no sample. Of images and volumes, only headers are "
            + "read; label maps are read in full.")
        {
            s_folder, kind,
        };
        command.SetAction(arguments =>
        {
            string folder = arguments.GetRequiredValue(s_folder);
            DatasetKind known = arguments.GetValue(kind) ?? DatasetLayout.Recognize(folder);
            if (DenseSummary.Has(known))
            {
                DenseCommands.Info(terminal, arguments.GetValue(common.Json), folder, known);
                return;
            }
            DatasetSummary summary = DatasetSummary.Read(folder, known);
            if (arguments.GetValue(common.Json))
            {
                terminal.WriteJson(new DataDocument(Format.Name(summary.Kind), summary.Parts));
                return;
            }
            foreach (DatasetPart part in summary.Parts)
            {
                DataTables.Write(terminal, summary.Kind, part);
            }
            if (summary.Parts is [{ Name: "train" }])
            {
                terminal.Note("There is no test set beside 'train'; training needs a folder 'test' or 'val', too.");
            }
        });
        return command;
    }

    private static DatasetKind? ParseKind(ArgumentResult argument)
    {
        string word = argument.Tokens[0].Value;
        if (Enum.TryParse(word, ignoreCase: true, out DatasetKind kind) && Format.Name(kind) == word)
        {
            return kind;
        }
        argument.AddError($"--kind is '{word}'; use {string.Join(", ", DatasetSummary.Kinds.Select(Format.Name))}.");
        return null;
    }

    private static Option<DatasetKind?> Kind() => new("--kind")
    {
        Description = "What the files are, as in a recipe's data.dataset; by default, told by their names.",
        HelpName = "KIND",
        CustomParser = ParseKind,
    };

    private static Command Verify(Terminal terminal, CommonOptions common)
    {
        Option<DatasetKind?> kind = Kind();
        Command command = new("verify", "Read every sample in full and name every damaged one.") { s_folder, kind };
        command.SetAction(arguments => Stoppable(terminal, stop =>
        {
            string folder = arguments.GetRequiredValue(s_folder);
            DatasetKind known = arguments.GetValue(kind) ?? DatasetLayout.Recognize(folder);
            if (DenseSummary.Has(known))
            {
                return DenseCommands.Verify(terminal, arguments.GetValue(common.Json), folder, known, stop);
            }
            IReadOnlyList<DataPart> parts = DataPart.Open(folder, known);
            int threads = arguments.GetValue(common.Threads) is int given and > 0 ? given : Environment.ProcessorCount;
            int all = parts.Sum(part => part.Dataset.Count), done = 0;
            Action<int> progress = Progress(terminal, "verified", all);
            List<string> damaged = [];
            foreach (DataPart part in parts)
            {
                using (part)
                {
                    int before = done;
                    damaged.AddRange(
                        ImageSets.Verify(part.Dataset, threads, samples => progress(before + samples), stop)
                            .Select(sample => sample.Reason));
                    done += part.Dataset.Count;
                }
            }
            string what = known == DatasetKind.Volumes ? "volumes" : "images";
            return Report(
                terminal, arguments.GetValue(common.Json), what, all, damaged,
                parts.SelectMany(part => part.Dataset.Findings));
        }));
        return command;
    }

    private static Command Pack(Terminal terminal, CommonOptions common, DataPacking packing)
    {
        Argument<string> output = Usage.Argument("OUTPUT", "The folder to write shards to; it must not exist.");
        Option<bool> allowSkipped = Usage.Flag(
            "--allow-skipped", "Leave out what is no sample and might have been one.");
        Command command = new(
            "pack", "Copy all parts of a dataset of images into WebDataset shards, the same bytes every time.")
        {
            s_folder, output, packing.Size, allowSkipped,
        };
        command.SetAction(arguments => packing.Run(
            terminal,
            arguments,
            common,
            () => OpenToPack(arguments.GetRequiredValue(s_folder), arguments.GetValue(allowSkipped)),
            arguments.GetRequiredValue(output)));
        return command;
    }

    private static ShardPart[] OpenToPack(string folder, bool allowSkipped)
    {
        DatasetKind kind = DatasetLayout.Recognize(folder);
        ConfigurationException.Require(
            kind is DatasetKind.ImageFolder or DatasetKind.WebDataset,
            $"{folder} holds files of the kind {Format.Name(kind)}; only JPEG and PNG images can be packed, as "
            + $"CLASS/FILE or in shards");
        IReadOnlyList<DataPart> parts = DataPart.Open(folder, kind);
        foreach (DataPart part in allowSkipped ? [] : parts)
        {
            DataFinding.RequireNoProblem(part.Folder, part.Dataset.Findings, "say --allow-skipped");
        }
        return
        [
            .. parts.Select(part => new ShardPart(
                part.Name.Length == 0 ? "" : Path.GetFileName(part.Folder), (EncodedDataset)part.Dataset)),
        ];
    }

    /// <summary>Writes what a verification found, and returns the exit code for it.</summary>
    internal static int Report(
        Terminal terminal, bool isJson, string what, int all, IReadOnlyList<string> damaged,
        IEnumerable<DataFinding> findings)
    {
        string[] problems = [.. findings.Where(finding => finding.IsProblem).Select(DataTables.Sentence)];
        if (isJson)
        {
            terminal.WriteJson(new VerificationDocument(all, damaged, problems));
        }
        else
        {
            foreach (string line in damaged.Concat(problems))
            {
                terminal.WriteLine(line);
            }
            terminal.WriteLine(FormattableString.Invariant($"{damaged.Count} of {all} {what} are damaged."));
        }
        return damaged.Count == 0 && problems.Length == 0 ? ExitCode.Success : ExitCode.Failure;
    }

    internal static int Stoppable(Terminal terminal, Func<CancellationToken, int> run) =>
        Stoppable(
            terminal,
            "Stopping after this image; once more ends at once.",
            "Stopped before the end; nothing was written.",
            run);

    internal static int Stoppable(Terminal terminal, string notice, string end, Func<CancellationToken, int> run)
    {
        using Interruption interruption = new(terminal, notice);
        try
        {
            return run(interruption.Token);
        }
        catch (OperationCanceledException) when (interruption.Token.IsCancellationRequested)
        {
            terminal.Note(end);
            return ExitCode.Interrupted;
        }
    }

    // A line at each twentieth, whichever thread does it.
    internal static Action<int> Progress(Terminal terminal, string done, int count)
    {
        int interval = Math.Max(1, count / LinesOfProgress);
        return images =>
        {
            if (images % interval == 0 || images == count)
            {
                terminal.Note(FormattableString.Invariant($"{done} {images}/{count}"));
            }
        };
    }
}
