using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace RevUp.MLNet;

/// <summary>The values of a label's key, which are the classes.</summary>
/// <param name="Names">Their texts.</param>
/// <param name="Annotate">
/// Gives the column of predicted labels the values that the label has, so that MapKeyToValue
/// finds them.
/// </param>
internal sealed record KeyValues(IReadOnlyList<string> Names, Action<SchemaDefinition.Column> Annotate)
{
    /// <summary>The annotation of a key that has its values.</summary>
    public const string Annotation = "KeyValues";

    /// <summary>Classes that only have names.</summary>
    public KeyValues(IReadOnlyList<string> names)
        : this(names, column => column.AddAnnotation(Annotation, Texts(names), TextsOf(names.Count)))
    {
    }

    /// <summary>The type of a vector of texts.</summary>
    public static VectorDataViewType TextsOf(int count) => new(TextDataViewType.Instance, count);

    /// <summary>A vector of texts.</summary>
    public static VBuffer<ReadOnlyMemory<char>> Texts(IReadOnlyList<string> names) =>
        new(names.Count, [.. names.Select(name => name.AsMemory())]);

    /// <summary>
    /// The values of a key column, or the numbers 1 to <paramref name="count"/> where it has none.
    /// </summary>
    public static KeyValues Of(DataViewSchema.Column key, int count)
    {
        if (key.Annotations.Schema.GetColumnOrNull(Annotation) is not { Type: VectorDataViewType type })
        {
            return new KeyValues(
                [.. Enumerable.Range(1, count).Select(i => i.ToString(CultureInfo.InvariantCulture))]);
        }
        Type item = type.ItemType.RawType;
        return (KeyValues)typeof(KeyValues).GetMethod(nameof(Copy))!.MakeGenericMethod(item)
            .Invoke(null, [key.Annotations, type])!;
    }

    /// <summary>Values of any type, as they are.</summary>
    public static KeyValues Copy<T>(DataViewSchema.Annotations annotations, VectorDataViewType type)
    {
        VBuffer<T> values = default;
        annotations.GetValue(Annotation, ref values);
        return new KeyValues(
            [.. values.DenseValues().Select(value => string.Create(CultureInfo.InvariantCulture, $"{value}"))],
            column => column.AddAnnotation(Annotation, values, type));
    }
}
