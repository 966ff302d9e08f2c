using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using RevUp.Cli.StudyRuns;

namespace RevUp.Tests.Recipes;

/// <summary>The JSON of settings, by generated code.</summary>
[TestClass]
public sealed class SettingsFormatTests
{
    private static readonly (JsonSerializerContext Types, Type Root)[] s_formats =
    [
        (RecipeJson.Default, typeof(Recipe)), (ModelDescriptionJson.Default, typeof(ModelDescription)),
        (StudyJson.Default, typeof(Study)),
    ];

    [TestMethod]
    public void EveryEnumerationIsWrittenByName()
    {
        int count = 0;
        foreach (JsonTypeInfo type in s_formats.SelectMany(format => Reached(format.Types, format.Root)))
        {
            if (type.Type.IsEnum)
            {
                count++;
                foreach (object value in Enum.GetValues(type.Type))
                {
                    string name = JsonSerializer.Serialize(value, type);
                    Assert.IsTrue(name[0] == '"' && char.IsLower(name[1]), $"{type.Type.Name} {value} is {name}");
                }
            }
        }
        Assert.IsGreaterThan(20, count);
    }

    /// <summary>
    /// Generated code alone would give a member that is left out the default of its type.
    /// </summary>
    [TestMethod]
    public void AMemberThatIsLeftOutKeepsItsValue()
    {
        foreach (JsonTypeInfo type in s_formats.SelectMany(format => Reached(format.Types, format.Root)))
        {
            if (type.Kind == JsonTypeInfoKind.Object && type.Type.GetConstructor(Type.EmptyTypes) is not null)
            {
                object read = JsonSerializer.Deserialize("{}", type)!;
                Assert.AreEqual(
                    JsonSerializer.Serialize(Activator.CreateInstance(type.Type), type),
                    JsonSerializer.Serialize(read, type), type.Type.Name);
            }
        }
    }

    private static IEnumerable<JsonTypeInfo> Reached(JsonSerializerContext types, Type root)
    {
        JsonSerializerOptions options = SettingsFormat.Of(types);
        HashSet<Type> known = [root];
        Queue<Type> next = new(known);
        while (next.TryDequeue(out Type? type))
        {
            JsonTypeInfo info = options.GetTypeInfo(type);
            yield return info;
            foreach (Type inner in info.Properties.Select(property => property.PropertyType).Append(info.ElementType!))
            {
                if (inner is not null && known.Add(Nullable.GetUnderlyingType(inner) ?? inner))
                {
                    next.Enqueue(Nullable.GetUnderlyingType(inner) ?? inner);
                }
            }
        }
    }
}
