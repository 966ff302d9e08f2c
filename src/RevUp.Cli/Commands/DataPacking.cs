using RevUp.Data.Images;

namespace RevUp.Cli.Commands;

/// <summary>Shared steps of the commands that write shards.</summary>
internal sealed class DataPacking
{
    private const int MiB = 1 << 20;

    public DataPacking()
    {
        Size.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
            {
                result.AddError("--shard-size must be at least 1.");
            }
        });
    }

    /// <summary>Largest shard.</summary>
    public Option<int> Size { get; } = new("--shard-size")
    {
        Description = "Largest shard in MiB; 256 by default.",
        HelpName = "MIB",
        DefaultValueFactory = _ => 256,
    };

    /// <summary>Packs parts into a folder and reports them.</summary>
    public int Run(
        Terminal terminal,
        ParseResult arguments,
        CommonOptions common,
        Func<IReadOnlyList<ShardPart>> open,
        string folder) =>
        DataCommand.Stoppable(terminal, stop =>
        {
            IReadOnlyList<ShardPart> parts = open();
            int images = parts.Sum(part => part.Dataset.Count), shards;
            try
            {
                long size = (long)arguments.GetValue(Size) * MiB;
                shards = ShardWriter.Write(parts, folder, size, DataCommand.Progress(terminal, "packed", images), stop);
            }
            finally
            {
                foreach (ShardPart part in parts)
                {
                    part.Dataset.Dispose();
                }
            }
            if (arguments.GetValue(common.Json))
            {
                terminal.WriteJson(new PackDocument(folder, images, shards));
            }
            else
            {
                terminal.WriteLine(FormattableString.Invariant($"{images} images in {shards} shards in {folder}"));
            }
            return ExitCode.Success;
        });
}
