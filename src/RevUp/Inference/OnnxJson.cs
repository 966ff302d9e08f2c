namespace RevUp.Inference;

/// <summary>JSON in the metadata of ONNX files.</summary>
[JsonSerializable(typeof(IReadOnlyList<double>))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
internal sealed partial class OnnxJson : JsonSerializerContext;
