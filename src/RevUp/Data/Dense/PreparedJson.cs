using System.Text.Json.Serialization;

namespace RevUp.Data.Dense;

/// <summary>JSON of prepared folders.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(PreparedFolder))]
[JsonSerializable(typeof(CaseRecord))]
internal sealed partial class PreparedJson : JsonSerializerContext;
