using System.CommandLine;
using RevUp.Cli.Output;
using RevUp.Data;
using RevUp.Data.Images;
using Spectre.Console;

namespace RevUp.Cli.Commands;

/// <summary><c>revup data</c>: looks at a set of encoded images, verifies it, and packs it into shards.</summary>
internal static class DataCommand
{
    private const int MiB = 1 << 20;
    private const int LinesOfProgress = 20;

    private static readonly Argument<string> s_folder = new("FOLDER") { Description = "Images as CLASS/FILE, or shards (*.tar)." };

    public static Command Create(Terminal terminal, CommonOptions common) => new("data", "Look at images in folders or shards, verify and pack them.")
    {
        Info(terminal, common),
        Verify(terminal, common),
        Pack(terminal, common),
    };

    private static Command Info(Terminal terminal, CommonOptions common)
    {
        Command command = new("info", "Count images, classes and sizes. Reads every header, and decodes nothing.") { s_folder };
        command.SetAction(arguments =>
        {
            using EncodedDataset images = ImageSets.Open(arguments.GetRequiredValue(s_folder));
            DataDocument document = DataDocument.From(images);
            if (arguments.GetValue(common.Json))
            {
                terminal.WriteJson(document, DocumentJson.Default.DataDocument);
                return;
            }
            terminal.WriteLine(FormattableString.Invariant(
                $"{document.Images} images in {document.Classes.Count} classes of {document.SmallestClass} to {document.LargestClass}"));
            Table sizes = terminal.NewTable("shorter side, pixels", "images");
            foreach (SizeEntry entry in document.Sizes)
            {
                string side = entry.Below == 0 ? "no readable header" : FormattableString.Invariant($"below {entry.Below}");
                sizes.AddRow(side, Format.Count(entry.Images));
            }
            terminal.Write(sizes);
        });
        return command;
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
