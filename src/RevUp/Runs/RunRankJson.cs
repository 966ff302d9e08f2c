using RevUp.Data;

namespace RevUp.Runs;

/// <summary>JSON of what the ranks of a run tell each other.</summary>
[JsonSourceGenerationOptions(NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(TrainingRun.Start))]
[JsonSerializable(typeof(TrainingRun.RankData))]
[JsonSerializable(typeof(RunJudge.Conclusion))]
[JsonSerializable(typeof(ComparedCase))]
[JsonSerializable(typeof(DamagedSample[]))]
internal sealed partial class RunRankJson : JsonSerializerContext;
