using System.Reflection;
using System.Text.Json.Serialization.Metadata;
using RevUp.Backends;
using RevUp.Data;
using RevUp.Data.Dense;
using RevUp.Data.Volumes;
using RevUp.Layers;
using RevUp.Models;
using RevUp.Reversible;
using RevUp.Training;

namespace RevUp.Recipes;

/// <summary>
/// How settings are written as JSON: enumerations by name, nothing unknown, nothing computed. A
/// member that the text leaves out keeps the value that its type gives it.
/// </summary>
internal static class SettingsFormat
{
    /// <summary>The format of the types of a source-generated context.</summary>
    /// <param name="types">The context.</param>
    /// <param name="isIndented">Whether the text has one line for each member.</param>
    public static JsonSerializerOptions Of(JsonSerializerContext types, bool isIndented = true)
    {
        JsonSerializerOptions options = new()
        {
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
            RespectNullableAnnotations = true,
            WriteIndented = isIndented,
            TypeInfoResolver = ((IJsonTypeInfoResolver)types)
                .WithAddedModifier(RemoveComputed)
                .WithAddedModifier(SetInitOnly)
                .WithAddedModifier(FlatSettings.Flatten),
        };
        AddNames<Activation>(options);
        AddNames<BlockKind>(options);
        AddNames<BranchKind>(options);
        AddNames<BranchPrecision>(options);
        AddNames<ChannelRuleKind>(options);
        AddNames<CheckpointMeasure>(options);
        AddNames<DatasetKind>(options);
        AddNames<DenseSampling>(options);
        AddNames<DiceSums>(options);
        AddNames<Downsampling>(options);
        AddNames<EvaluationPrecision>(options);
        AddNames<LipschitzMode>(options);
        AddNames<MemoryPolicy>(options);
        AddNames<ModelTask>(options);
        AddNames<Normalization>(options);
        AddNames<OptimizerKind>(options);
        AddNames<Placement>(options);
        AddNames<SampleKind>(options);
        AddNames<ScheduleKind>(options);
        AddNames<StemKind>(options);
        AddNames<VolumeFit>(options);
        AddNames<VolumeNormalization>(options);
        AddNames<VolumeOrientation>(options);
        AddNames<VoxelType>(options);
        options.MakeReadOnly();
        return options;
    }

    /// <summary>The metadata of a type of the context.</summary>
    public static JsonTypeInfo<T> Info<T>(this JsonSerializerOptions options) =>
        (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T));

    private static void AddNames<T>(JsonSerializerOptions options) where T : struct, Enum =>
        options.Converters.Add(new JsonStringEnumConverter<T>(JsonNamingPolicy.CamelCase, allowIntegerValues: false));

    // Computed properties are no settings: neither written, nor read and then silently without
    // effect.
    private static void RemoveComputed(JsonTypeInfo type)
    {
        foreach (JsonPropertyInfo property in type.Properties.Where(property => property.Set is null).ToArray())
        {
            type.Properties.Remove(property);
        }
    }

    // Generated code sets init-only properties together, in an initializer, where a member that the
    // text leaves out would lose its value. The constructor and the properties that the generated
    // code names are all that is used here, so trimming keeps them.
    private static void SetInitOnly(JsonTypeInfo type)
    {
        if (type.ConstructorAttributeProvider is not ConstructorInfo constructor
            || constructor.GetParameters().Length > 0)
        {
            return;
        }
        type.CreateObject = () => constructor.Invoke(null);
        foreach (JsonPropertyInfo property in type.Properties)
        {
            if (property.AttributeProvider is PropertyInfo { SetMethod: not null } declared)
            {
                property.Set = declared.SetValue;
            }
        }
    }
}
