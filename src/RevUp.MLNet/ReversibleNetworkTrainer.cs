using Microsoft.ML;
using RevUp.Backends;
using RevUp.Backends.Cpu;
using RevUp.Data;
using RevUp.Recipes;
using RevUp.Runs;
using RevUp.Tensors;

namespace RevUp.MLNet;

/// <summary>
/// Trains a network on images and the keys of their classes. Rows are read once, into memory.
/// </summary>
public sealed class ReversibleNetworkTrainer : IEstimator<ReversibleNetworkTransformer>
{
    private readonly ReversibleNetworkOptions _options;
    private readonly AnswerColumns _columns;

    internal ReversibleNetworkTrainer(ReversibleNetworkOptions options) =>
        (_options, _columns) = (options, new AnswerColumns(options));

    /// <summary>Trains.</summary>
    /// <param name="input">Images and labels; other columns are not read.</param>
    /// <exception cref="ArgumentException">
    /// A column is missing or of another type, a row has no label, or there are no rows.
    /// </exception>
    /// <exception cref="ConfigurationException">
    /// The recipe cannot be trained on these rows.
    /// </exception>
    /// <exception cref="OperationCanceledException">
    /// <see cref="ReversibleNetworkOptions.Stop"/> ended the training.
    /// </exception>
    public ReversibleNetworkTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        ImageRows rows = new(_options, input);
        Recipe recipe = _options.Recipe with
        {
            Data = _options.Recipe.Data with { Dataset = DatasetKind.Custom, Classes = rows.Keys.Names.Count },
        };
        recipe.Validate();
        Func<Backend> open = _options.OpenBackend ?? (() => new CpuBackend());
        using ImageDataset train = rows.Read();
        using ImageDataset? test = _options.TestSet is null ? null : ReadTest(rows);
        string model = Path.GetTempFileName();
        try
        {
            using (Backend backend = open())
            using (TrainingRun run = new(
                backend, recipe, _options.Folder, resume: _options.Folder is not null, train, test))
            {
                if (_options.Logger is { } logger)
                {
                    run.Logger = logger;
                }
                if (run.Run(_options.Progress, _options.Stop).Interrupted)
                {
                    throw new OperationCanceledException(
                        $"The training was stopped after step {run.Step} of {run.Steps}.", _options.Stop);
                }
                run.SaveModel(model);
            }
            return ReversibleNetworkTransformer.Load(File.ReadAllBytes(model), _columns, open, rows.Keys);
        }
        finally
        {
            File.Delete(model);
        }
    }

    /// <inheritdoc/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema) => AnswerSchema.After(inputSchema, _columns);

    // Keys of another mapping would be other classes.
    private ImageDataset ReadTest(ImageRows train)
    {
        ImageRows rows = new(_options, _options.TestSet!);
        return rows.Keys.Names.SequenceEqual(train.Keys.Names)
            ? rows.Read()
            : throw new ArgumentException(
                $"The label of the test set has the values {string.Join(", ", rows.Keys.Names)}, and in training "
                + $"{string.Join(", ", train.Keys.Names)}: make its keys by the transformer that made the others.");
    }
}
