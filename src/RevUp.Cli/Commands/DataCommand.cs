using System.CommandLine;
using System.CommandLine.Parsing;
using RevUp.Cli.Output;
using RevUp.Data;
using RevUp.Data.Images;
using Spectre.Console;

namespace RevUp.Cli.Commands;

/// <summary><c>revup data</c>: looks at a dataset; verifies images and packs them into shards.</summary>
internal static class DataCommand
{
    private const int MiB = 1 << 20;
    private const int LinesOfProgress = 20;

    private static readonly Argument<string> s_folder = new("FOLDER") { Description = "Images as CLASS/FILE, or shards (*.tar)." };

    public static Command Create(Terminal terminal, CommonOptions common) => new("data", "Look at a dataset; verify images and pack them into shards.")
    {
        Info(terminal, common),
        Verify(terminal, common),
        Pack(terminal, common),
    };

    private static Command Info(Terminal terminal, CommonOptions common)
    {
        Argument<string> folder = new("FOLDER") { Description = "A dataset of any kind: its folder, or a part of it in folders or shards." };
        Option<DatasetKind?> kind = new("--kind")
        {
            Description = "What the files are, as in a recipe's data.dataset; by default, told by their names.",
            HelpName = "KIND",
            CustomParser = ParseKind,
        };
        Command command = new("info", "Count samples, classes and sizes. Of images and volumes, only headers are read.") { folder, kind };
        command.SetAction(arguments =>
        {
            DatasetSummary summary = DatasetSummary.Read(arguments.GetRequiredValue(folder), arguments.GetValue(kind));
            if (arguments.GetValue(common.Json))
            {
                terminal.WriteJson(new DataDocument(Format.Name(summary.Kind), summary.Parts), DocumentJson.Default.DataDocument);
                return;
            }
            foreach (DatasetPart part in summary.Parts)
            {
                Describe(terminal, summary.Kind, part);
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

    private static void Describe(Terminal terminal, DatasetKind kind, DatasetPart part)
    {
        (int least, int most) = (part.Classes.Min(label => label.Samples), part.Classes.Max(label => label.Samples));
        string name = part.Name.Length == 0 ? Format.Name(kind) : $"{Format.Name(kind)}, {part.Name}";
        terminal.WriteLine(FormattableString.Invariant($"{name}: {part.Samples} samples in {part.Classes.Count} classes of {least} to {most}"));
        Table sizes = terminal.NewTable("size", "samples");
        foreach (SampleCount size in part.Sizes)
        {
            sizes.AddRow(size.Name, Format.Count(size.Samples));
        }
        terminal.Write(sizes);
    }

    private static Command Verify(Terminal terminal, CommonOptions common)
    {
        Command command = new("verify", "Decode every image in full and name every damaged one.") { s_folder };
        command.SetAction(arguments => Stoppable(terminal, stop =>
        {
            using EncodedDataset images = ImageSets.Open(arguments.GetRequiredValue(s_folder));
            int threads = arguments.GetValue(common.Threads) is int given and > 0 ? given : Environment.ProcessorCount;
            IReadOnlyList<DamagedSample> damaged = ImageSets.Verify(images, threads, Progress(terminal, "verified", images.Count), stop);
            if (arguments.GetValue(common.Json))
            {
                VerificationDocument document = new(images.Count, [.. damaged.Select(sample => sample.Reason)]);
                terminal.WriteJson(document, DocumentJson.Default.VerificationDocument);
            }
            else
            {
                foreach (DamagedSample sample in damaged)
                {
                    terminal.WriteLine(sample.Reason);
                }
                terminal.WriteLine(FormattableString.Invariant($"{damaged.Count} of {images.Count} images are damaged."));
            }
            return damaged.Count == 0 ? ExitCode.Success : ExitCode.Failure;
        }));
        return command;
    }

    private static Command Pack(Terminal terminal, CommonOptions common)
    {
        Argument<string> output = new("OUTPUT") { Description = "The folder to write shards to; it must not exist." };
        Option<int> size = new("--shard-size")
        {
            Description = "Largest shard in MiB; 256 by default.",
            HelpName = "MIB",
            DefaultValueFactory = _ => 256,
        };
        size.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
            {
                result.AddError("--shard-size must be at least 1.");
            }
        });
        Command command = new("pack", "Copy images into WebDataset shards, the same bytes every time.") { s_folder, output, size };
        command.SetAction(arguments => Stoppable(terminal, stop =>
        {
            using EncodedDataset images = ImageSets.Open(arguments.GetRequiredValue(s_folder));
            string folder = arguments.GetRequiredValue(output);
            int shards = ShardWriter.Write(images, folder, (long)arguments.GetValue(size) * MiB, Progress(terminal, "packed", images.Count), stop);
            if (arguments.GetValue(common.Json))
            {
                terminal.WriteJson(new PackDocument(folder, images.Count, shards), DocumentJson.Default.PackDocument);
            }
            else
            {
                terminal.WriteLine(FormattableString.Invariant($"{images.Count} images in {shards} shards in {folder}"));
            }
            return ExitCode.Success;
        }));
        return command;
    }

    private static int Stoppable(Terminal terminal, Func<CancellationToken, int> run)
    {
        using Interruption interruption = new(terminal, "Stopping after this image; once more ends at once.");
        try
        {
            return run(interruption.Token);
        }
        catch (OperationCanceledException) when (interruption.Token.IsCancellationRequested)
        {
            terminal.Note("Stopped before the end; nothing was written.");
            return ExitCode.Interrupted;
        }
    }

    // A line at each twentieth, whichever thread does it.
    private static Action<int> Progress(Terminal terminal, string done, int count)
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
