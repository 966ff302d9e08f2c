using RevUp.Inference;

namespace RevUp.Cli.Commands;

/// <summary><c>revup segment</c>: masks of volumes or pictures by a trained network.</summary>
internal static class SegmentCommand
{
    public static Command Create(Terminal terminal, CommonOptions common)
    {
        Argument<string> input = Usage.Argument(
            "INPUT",
            "A volume (.nii, .nii.gz) or a picture, or a folder of them; CASE_0000.nii.gz, CASE_0001.nii.gz are the "
            + "channels of one case, and also CASE_0000.png, CASE_0001.png after a training on nnU-Net's folder.");
        Argument<string> output = Usage.Argument("OUTPUT", "The mask's file, or a folder for the masks of a folder.");
        CheckpointOption checkpoint = new();
        Option<string?> memory = Usage.Option<string?>(
            "--memory", "BYTES",
            "The most bytes that the network takes beside the volume, such as 4GiB; 2GiB by default. Fewer bytes make "
            + "smaller tiles.");
        memory.Validators.Add(result =>
        {
            foreach (Token word in result.Tokens.Where(word => !ByteCount.TryParse(word.Value, out _)))
            {
                result.AddError($"'{word.Value}' is not {ByteCount.Allowed}.");
            }
        });
        Command command = new("segment", "Write the masks of volumes or pictures with a trained network.")
        {
            input, output, checkpoint, memory,
        };
        command.SetAction(arguments =>
        {
            long bytes = arguments.GetValue(memory) is { } text && ByteCount.TryParse(text, out long given)
                ? given
                : Segmenter.DefaultMemory;
            using Segmenter segmenter = Segmenter.Load(
                arguments.GetRequiredValue(checkpoint), () => common.OpenBackend(arguments), bytes);
            CaseSegmenter cases = new(segmenter);
            IReadOnlyList<SegmentationJob> jobs = SegmentationJob.List(
                arguments.GetRequiredValue(input), arguments.GetRequiredValue(output), cases.IsByChannel);
            foreach (SegmentationJob job in jobs)
            {
                job.Run(cases);
                if (!arguments.GetValue(common.Json))
                {
                    terminal.WriteLine(job.Output);
                }
            }
            if (arguments.GetValue(common.Json))
            {
                terminal.WriteJson(new SegmentDocument(
                    [.. jobs.Select(job => Path.GetFullPath(job.Output))],
                    [.. segmenter.Classes.Select((name, k) => new SegmentClass(name, cases.NumberOf(k)))]));
            }
        });
        return command;
    }
}
