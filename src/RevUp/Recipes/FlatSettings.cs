using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization.Metadata;
using RevUp.Data;
using RevUp.Models;
using RevUp.Reversible;

namespace RevUp.Recipes;

/// <summary>
/// Settings that have an owner in C#, and stand in recipes directly among its members: the
/// augmentation in "data", the policies and the inversion in "reversible", the trained layers in
/// "training". So each is declared once, where it is used.
/// </summary>
internal static class FlatSettings
{
    private const string TypeIsGenerated =
        "The property is made from the metadata of its type, which the options hold already.";

    private static readonly Type[] s_types =
        [typeof(Augmentation), typeof(MemoryPlan), typeof(InversionSettings), typeof(TrainedLayers)];

    /// <summary>
    /// Puts the members of such settings in the place of the property that holds them.
    /// </summary>
    public static void Flatten(JsonTypeInfo type)
    {
        for (int i = type.Properties.Count - 1; i >= 0; i--)
        {
            JsonPropertyInfo owner = type.Properties[i];
            if (s_types.Contains(owner.PropertyType))
            {
                type.Properties.RemoveAt(i);
                int place = i;
                foreach (JsonPropertyInfo member in type.Options.GetTypeInfo(owner.PropertyType).Properties)
                {
                    type.Properties.Insert(place++, Member(type, owner, member));
                }
            }
        }
    }

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = TypeIsGenerated)]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = TypeIsGenerated)]
    private static JsonPropertyInfo Member(JsonTypeInfo type, JsonPropertyInfo owner, JsonPropertyInfo member)
    {
        (Func<object, object?> hold, Func<object, object?> get) = (owner.Get!, member.Get!);
        Action<object, object?> set = member.Set!;
        // For the options to hold it.
        type.Options.GetTypeInfo(member.PropertyType);
        JsonPropertyInfo flat = type.CreateJsonPropertyInfo(member.PropertyType, member.Name);
        flat.Get = settings => get(hold(settings)!);
        flat.Set = (settings, value) => set(hold(settings)!, value);
        flat.IsSetNullable = member.IsSetNullable;
        if (member.ShouldSerialize is { } isWritten)
        {
            flat.ShouldSerialize = (settings, value) => isWritten(hold(settings)!, value);
        }
        flat.CustomConverter = member.Name switch
        {
            "tolerance" => new ToleranceConverter(),
            "slab" => new SlabConverter(),
            _ => member.CustomConverter,
        };
        return flat;
    }
}
