using System.CommandLine;

namespace RevUp.Cli;

/// <summary>The option that names a checkpoint.</summary>
internal sealed class CheckpointOption : Option<string>
{
    public CheckpointOption()
        : base("--checkpoint")
    {
        Description = "A run's folder, for its last checkpoint, or the folder of one checkpoint.";
        HelpName = "DIR";
        Required = true;
    }
}
