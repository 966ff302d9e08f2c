namespace RevUp.Distributed;

/// <summary>JSON of what ranks tell each other.</summary>
[JsonSourceGenerationOptions(NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(bool))]
[JsonSerializable(typeof(long))]
[JsonSerializable(typeof(double[][]))]
[JsonSerializable(typeof(RankThreads.Site))]
internal sealed partial class RankJson : JsonSerializerContext;
