using Microsoft.ML;
using Microsoft.ML.Data;
using RevUp.Backends;
using RevUp.Inference;

namespace RevUp.MLNet;

/// <summary>
/// Adds the answers of a trained network to images: the key of the most probable class, and the
/// probabilities of all. Several threads may use it at once.
/// </summary>
/// <remarks>
/// It holds memory of its backend until it is disposed, and the bytes of its file; a chain of
/// transformers disposes its parts.
/// ML.NET's own files have no place for other libraries' models: Model.Save refuses this
/// transformer. Write the network with <see cref="SaveModel"/>, and put
/// <see cref="ReversibleNetworkCatalog.ApplyReversibleNetwork"/> into the pipeline that reads it.
/// </remarks>
public sealed class ReversibleNetworkTransformer : ITransformer, IDisposable
{
    private readonly byte[] _model;
    private readonly AnswerColumns _columns;
    private readonly KeyValues _keys;

    private ReversibleNetworkTransformer(byte[] model, Predictor predictor, AnswerColumns columns, KeyValues? keys)
    {
        (_model, Predictor, _columns) = (model, predictor, columns);
        _keys = keys ?? new KeyValues(predictor.Classes);
    }

    /// <summary>The network.</summary>
    public Predictor Predictor { get; }

    /// <inheritdoc/>
    bool ITransformer.IsRowToRowMapper => true;

    internal static ReversibleNetworkTransformer Load(
        byte[] model, AnswerColumns columns, Func<Backend>? open, KeyValues? keys = null)
    {
        using MemoryStream file = new(model);
        return new ReversibleNetworkTransformer(model, Predictor.Load(file, open), columns, keys);
    }

    /// <summary>
    /// Writes the network, with all that a <see cref="Inference.Predictor"/> and
    /// <see cref="ReversibleNetworkCatalog.ApplyReversibleNetwork"/> need.
    /// </summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void SaveModel(string path) => File.WriteAllBytes(path, _model);

    /// <inheritdoc/>
    public IDataView Transform(IDataView input) => For(input.Schema).Transform(input);

    /// <inheritdoc/>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => For(inputSchema).GetOutputSchema(inputSchema);

    /// <inheritdoc/>
    IRowToRowMapper ITransformer.GetRowToRowMapper(DataViewSchema inputSchema) =>
        For(inputSchema).GetRowToRowMapper(inputSchema);

    /// <inheritdoc/>
    void ICanSaveModel.Save(ModelSaveContext ctx) => throw new NotSupportedException(
        $"ML.NET's files have no place for a network. Write it with {nameof(SaveModel)}, and read it by "
        + $"Transforms.{nameof(ReversibleNetworkCatalog.ApplyReversibleNetwork)} in a pipeline.");

    /// <summary>Frees the network.</summary>
    public void Dispose() => Predictor.Dispose();

    private ITransformer For(DataViewSchema input)
    {
        ImageForm form = ImageColumn.FormOf(ImageColumn.Find(input, _columns.Image), Predictor.Sample);
        return form switch
        {
            ImageForm.Files => Mapping<byte>(input, Predictor.PredictEncoded),
            ImageForm.Bytes => Mapping<byte>(input, image => Predictor.Predict(image)),
            _ => Mapping<float>(input, image => Predictor.Predict(image)),
        };
    }

    private ITransformer Mapping<T>(DataViewSchema input, Func<ReadOnlySpan<T>, float[]> predict) =>
        AnswerSchema.Transformer<ImageRow<T>>(input, _columns, _keys, (row, answer) =>
        {
            float[] probabilities = predict(ImageColumn.Dense(row.Image));
            // A mapping's member for a key counts from 0, though the key itself counts from 1.
            answer.PredictedLabel = (uint)probabilities.AsSpan().IndexOf(probabilities.Max());
            answer.Score = new VBuffer<float>(probabilities.Length, probabilities);
        });
}
