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

    /// <summary>
    /// Loads a checkpoint for use, and says so where it computes in another precision than it was
    /// trained in.
    /// </summary>
    public static LoadedCheckpoint Load(
        Terminal terminal, Backend backend, string folder, IReadOnlyList<string>? overrides = null)
    {
        LoadedCheckpoint loaded = Checkpoint.Load(backend, folder, overrides);
        BranchPrecision trained = loaded.Recipe.Model.Precision, used = loaded.Network.Settings.Precision;
        if (trained != used)
        {
            terminal.Note(
                $"Trained in {trained.Text()}, computed here in {used.Text()}: {backend.Description}.");
        }
        return loaded;
    }
}
