namespace RevUp.Runs;

/// <summary>One complete checkpoint: its folder and the step after which it was taken.</summary>
public sealed record CheckpointEntry(string Path, long Step);
