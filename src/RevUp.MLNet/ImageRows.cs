using Microsoft.ML;
using Microsoft.ML.Data;
using RevUp.Data;
using RevUp.Tensors;

namespace RevUp.MLNet;

/// <summary>Images and labels of a view, as a dataset in memory.</summary>
internal sealed class ImageRows
{
    private readonly IDataView _view;
    private readonly DataViewSchema.Column _image;
    private readonly DataViewSchema.Column _label;
    private readonly Shape _sample;

    public ImageRows(ReversibleNetworkOptions options, IDataView view)
    {
        _view = view;
        _sample = (options.Recipe.Data with { Dataset = DatasetKind.Custom }).Sample;
        _image = ImageColumn.Find(view.Schema, options.ImageColumnName);
        _label = view.Schema.GetColumnOrNull(options.LabelColumnName) ?? throw new ArgumentException(
            $"The view has no column '{options.LabelColumnName}'; its columns are "
            + $"{string.Join(", ", view.Schema.Select(c => c.Name))}.");
        if (_label.Type is not KeyDataViewType { Count: >= 2 and <= int.MaxValue } key || key.RawType != typeof(uint))
        {
            throw new ArgumentException(
                $"The label '{_label.Name}' is of the type {_label.Type}, and a key of two or more values is needed; "
                + "make one by Transforms.Conversion.MapValueToKey.");
        }
        Keys = KeyValues.Of(_label, (int)key.Count);
    }

    /// <summary>The values of the label's key.</summary>
    public KeyValues Keys { get; }

    /// <summary>All rows, read in their order.</summary>
    /// <exception cref="ArgumentException">
    /// There are no rows, or one has no label.
    /// </exception>
    public ImageDataset Read() => ImageColumn.FormOf(_image, _sample) switch
    {
        ImageForm.Files => Files(),
        ImageForm.Bytes => new MemoryDataset(Samples<byte>(out int[] labels), labels, _sample, Keys.Names),
        _ => new MemoryDataset(Samples<float>(out int[] labels), labels, _sample, Keys.Names),
    };

    private ImageDataset Files()
    {
        List<ReadOnlyMemory<byte>> files = [];
        int[] labels = ReadRows<byte>(file => files.Add(file.ToArray()));
        return MemoryDataset.OfFiles(files, labels, _sample, Keys.Names);
    }

    private T[] Samples<T>(out int[] labels)
    {
        List<T> values = [];
        labels = ReadRows<T>(sample => values.AddRange(sample));
        return [.. values];
    }

    // Hands over the image of each row.
    private int[] ReadRows<T>(Action<ReadOnlySpan<T>> take)
    {
        List<int> labels = [];
        using DataViewRowCursor cursor = _view.GetRowCursor([_image, _label]);
        (ValueGetter<VBuffer<T>> readImage, ValueGetter<uint> readLabel) =
            (cursor.GetGetter<VBuffer<T>>(_image), cursor.GetGetter<uint>(_label));
        (VBuffer<T> image, uint key) = (default, 0);
        while (cursor.MoveNext())
        {
            readLabel(ref key);
            readImage(ref image);
            // Keys count from 1; 0 is a missing value.
            if (key == 0)
            {
                throw new ArgumentException(
                    $"Row {labels.Count} has no label in the column '{_label.Name}'; leave such rows out.");
            }
            labels.Add((int)key - 1);
            take(ImageColumn.Dense(image));
        }
        return labels.Count > 0
            ? labels.ToArray()
            : throw new ArgumentException("The view has no rows; give images to learn from.");
    }
}
