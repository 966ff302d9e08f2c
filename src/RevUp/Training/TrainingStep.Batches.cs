using RevUp.Data;

namespace RevUp.Training;

// Batches of a loader, whose targets are numbers or labels of positions.
public sealed partial class TrainingStep
{
    /// <summary>A whole step on a batch of a loader.</summary>
    internal StepResult Run(Batch batch, double learningRateFactor) => batch.HasLabelMaps
        ? Run(batch.Pixels, batch.Labels, learningRateFactor)
        : Run(batch.Pixels, batch.Targets, learningRateFactor);

    /// <inheritdoc cref="Stage(ReadOnlySpan{float}, ReadOnlySpan{float})"/>
    internal void Stage(Batch batch)
    {
        if (batch.HasLabelMaps)
        {
            Stage(batch.Pixels, batch.Labels);
        }
        else
        {
            Stage(batch.Pixels, batch.Targets);
        }
    }

    /// <inheritdoc cref="Accumulate(ReadOnlySpan{float}, ReadOnlySpan{float})"/>
    internal void Accumulate(Batch batch)
    {
        if (batch.HasLabelMaps)
        {
            Accumulate(batch.Pixels, batch.Labels);
        }
        else
        {
            Accumulate(batch.Pixels, batch.Targets);
        }
    }
}
