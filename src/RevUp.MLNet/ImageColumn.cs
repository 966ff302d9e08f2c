using Microsoft.ML;
using Microsoft.ML.Data;
using RevUp.Tensors;

namespace RevUp.MLNet;

/// <summary>Contents of a row of a column of images.</summary>
internal enum ImageForm
{
    /// <summary>A JPEG or PNG file.</summary>
    Files,

    /// <summary>The bytes of a sample.</summary>
    Bytes,

    /// <summary>The numbers of a sample.</summary>
    Floats,
}

/// <summary>A column of images in a view.</summary>
internal static class ImageColumn
{
    /// <exception cref="ArgumentException">There is no such column.</exception>
    public static DataViewSchema.Column Find(DataViewSchema schema, string name) =>
        schema.GetColumnOrNull(name) ?? throw new ArgumentException(
            $"The view has no column '{name}'; its columns are {string.Join(", ", schema.Select(c => c.Name))}.");

    /// <summary>Contents of a column, by its type.</summary>
    /// <param name="column">The column.</param>
    /// <param name="sample">Shape of one sample.</param>
    /// <exception cref="ArgumentException">It cannot be an image.</exception>
    public static ImageForm FormOf(DataViewSchema.Column column, Shape sample)
    {
        if (column.Type is VectorDataViewType vector)
        {
            Type item = vector.ItemType.RawType;
            if (!vector.IsKnownSize && item == typeof(byte))
            {
                return ImageForm.Files;
            }
            if (vector.Size == sample.Count && (item == typeof(byte) || item == typeof(float)))
            {
                return item == typeof(byte) ? ImageForm.Bytes : ImageForm.Floats;
            }
        }
        throw new ArgumentException(
            $"The column '{column.Name}' is of the type {column.Type}. An image is a vector of bytes of any size, "
            + $"which is a JPEG or PNG file, or a vector of {sample.Count} bytes or floats, which is a sample "
            + $"{sample}, channels-last. LoadRawImageBytes reads files; VectorType({sample.Count}) states a size.");
    }

    /// <summary>All values of an image.</summary>
    public static ReadOnlySpan<T> Dense<T>(VBuffer<T> values) =>
        values.IsDense ? values.GetValues() : values.DenseValues().ToArray();
}
