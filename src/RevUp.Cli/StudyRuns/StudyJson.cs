using System.Text.Json.Serialization;

namespace RevUp.Cli.StudyRuns;

[JsonSerializable(typeof(Study))]
internal sealed partial class StudyJson : JsonSerializerContext;
