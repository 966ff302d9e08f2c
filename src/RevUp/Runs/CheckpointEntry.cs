namespace RevUp.Runs;

/// <summary>One complete checkpoint: its folder and the step after which it was taken.</summary>
internal sealed record CheckpointEntry(string Path, long Step);
