using Microsoft.ML;

namespace RevUp.MLNet;

/// <summary>The place of a trained network in a pipeline: there is nothing left to learn.</summary>
public sealed class ReversibleNetworkScorer : IEstimator<ReversibleNetworkTransformer>
{
    private readonly Func<ReversibleNetworkTransformer> _load;
    private readonly AnswerColumns _columns;

    internal ReversibleNetworkScorer(Func<ReversibleNetworkTransformer> load, AnswerColumns columns) =>
        (_load, _columns) = (load, columns);

    /// <summary>Loads the network.</summary>
    /// <param name="input">Images of its sample's shape, or files.</param>
    /// <exception cref="ArgumentException">
    /// The column of images is missing or of another type.
    /// </exception>
    public ReversibleNetworkTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        ReversibleNetworkTransformer network = _load();
        try
        {
            network.GetOutputSchema(input.Schema);
            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema) => AnswerSchema.After(inputSchema, _columns);
}
