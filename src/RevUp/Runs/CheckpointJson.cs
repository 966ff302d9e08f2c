namespace RevUp.Runs;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(Checkpoint.Description))]
internal sealed partial class CheckpointJson : JsonSerializerContext;
