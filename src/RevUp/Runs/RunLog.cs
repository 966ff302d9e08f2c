using RevUp.Distributed;
using RevUp.Reversible;
using RevUp.Tensors;
using RevUp.Training;

namespace RevUp.Runs;

/// <summary>
/// Log of a run while it goes on, in both forms: <see cref="MetricsLog"/> and
/// <see cref="TensorBoardLog"/>. Steps after the one resumed from are dropped from what an earlier
/// process wrote.
/// </summary>
internal sealed class RunLog(string folder, long lastStep, IEnumerable<string> blockNames) : IDisposable
{
    private readonly MetricsLog _metrics = new(Path.Combine(folder, MetricsLog.FileName), lastStep);
    private readonly TensorBoardLog _tensorBoard = new(folder, lastStep, blockNames);

    /// <inheritdoc cref="MetricsLog.Evaluations"/>
    public IReadOnlyList<EvaluationMetrics> Evaluations => _metrics.Evaluations;

    public void Step(
        long step,
        int epoch,
        StepResult result,
        double milliseconds,
        double imagesPerSecond,
        ReadOnlySpan<InversionRecord> records,
        ReadOnlySpan<float> coefficients,
        in MemoryUse peak,
        RankWait? wait)
    {
        _metrics.Step(step, epoch, result, milliseconds, peak[MemoryPurpose.Activations], records, coefficients, wait);
        _tensorBoard.Step(step, result, imagesPerSecond, records, coefficients, peak);
    }

    public void Evaluation(long step, int epoch, EvaluationResult result)
    {
        _metrics.Evaluation(step, epoch, result);
        _tensorBoard.Evaluation(step, result);
        _tensorBoard.Flush();
    }

    public void Flush()
    {
        _metrics.Flush();
        _tensorBoard.Flush();
    }

    public void Dispose()
    {
        _metrics.Dispose();
        _tensorBoard.Dispose();
    }
}
