using Microsoft.ML;
using Microsoft.ML.Data;

namespace RevUp.MLNet;

/// <summary>The columns that a network adds, for ML.NET.</summary>
internal static class AnswerSchema
{
    private static readonly MLContext s_context = new();

    /// <summary>The transformer that adds the answers to views of one schema.</summary>
    /// <param name="input">The columns of the views.</param>
    /// <param name="columns">Names of the columns to read and to add.</param>
    /// <param name="keys">The classes.</param>
    /// <param name="map">Answers for one row.</param>
    public static ITransformer Transformer<TRow>(
        DataViewSchema input, AnswerColumns columns, KeyValues keys, Action<TRow, Answer> map)
        where TRow : class, new()
    {
        SchemaDefinition row = SchemaDefinition.Create(typeof(TRow), SchemaDefinition.Direction.Read);
        row[nameof(ImageRow<byte>.Image)].ColumnName = columns.Image;
        row[nameof(ImageRow<byte>.Image)].ColumnType = ImageColumn.Find(input, columns.Image).Type;
        return s_context.Transforms.CustomMapping(map, null, row, Definition(columns, keys))
            .Fit(new EmptyView(input));
    }

    /// <summary>The columns that there are before the classes are known.</summary>
    public static SchemaShape After(SchemaShape input, AnswerColumns columns)
    {
        SchemaDefinition none = SchemaDefinition.Create(typeof(NoRow), SchemaDefinition.Direction.Read);
        return s_context.Transforms.CustomMapping<NoRow, Answer>(
            (_, _) => { }, null, none, Definition(columns, new KeyValues(["", ""]))).GetOutputSchema(input);
    }

    private static SchemaDefinition Definition(AnswerColumns columns, KeyValues keys)
    {
        SchemaDefinition answer = SchemaDefinition.Create(typeof(Answer), SchemaDefinition.Direction.Write);
        SchemaDefinition.Column label = answer[nameof(Answer.PredictedLabel)], score = answer[nameof(Answer.Score)];
        int classes = keys.Names.Count;
        (label.ColumnName, label.ColumnType) = (columns.PredictedLabel, new KeyDataViewType(typeof(uint), classes));
        keys.Annotate(label);
        (score.ColumnName, score.ColumnType) =
            (columns.Score, new VectorDataViewType(NumberDataViewType.Single, classes));
        score.AddAnnotation("SlotNames", KeyValues.Texts(keys.Names), KeyValues.TextsOf(classes));
        return answer;
    }

    private sealed class NoRow;

    // Only its columns are asked for.
    private sealed class EmptyView(DataViewSchema schema) : IDataView
    {
        public bool CanShuffle => false;

        public DataViewSchema Schema => schema;

        public long? GetRowCount() => 0;

        public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) =>
            throw new NotSupportedException("A schema has no rows.");

        public DataViewRowCursor[] GetRowCursorSet(
            IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
            throw new NotSupportedException("A schema has no rows.");
    }
}

/// <summary>The image of a row.</summary>
internal sealed class ImageRow<T>
{
    public VBuffer<T> Image { get; set; }
}

/// <summary>The answer for an image.</summary>
internal sealed class Answer
{
    public uint PredictedLabel { get; set; }

    public VBuffer<float> Score { get; set; }
}
