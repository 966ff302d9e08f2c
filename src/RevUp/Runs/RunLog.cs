using RevUp.Distributed;
using RevUp.Reversible;
using RevUp.Tensors;
using RevUp.Training;

namespace RevUp.Runs;

/// <summary>
/// Log of a run while it goes on, in both forms: <see cref="MetricsLog"/> and
/// <see cref="TensorBoardLog"/>. Steps after the one resumed from are dropped from what an earlier
/// process wrote. A run without a folder has its evaluations alone, in memory.
/// </summary>
internal sealed class RunLog(string? folder, long lastStep, IEnumerable<string> blockNames) : IDisposable
{
    private readonly MetricsLog? _metrics =
        folder is null ? null : new(Path.Combine(folder, MetricsLog.FileName), lastStep);

    private readonly TensorBoardLog? _tensorBoard = folder is null ? null : new(folder, lastStep, blockNames);
    private readonly List<EvaluationMetrics> _evaluations = [];

    /// <inheritdoc cref="MetricsLog.Evaluations"/>
    public IReadOnlyList<EvaluationMetrics> Evaluations => _metrics?.Evaluations ?? _evaluations;

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
        _metrics?.Step(step, epoch, result, milliseconds, peak[MemoryPurpose.Activations], records, coefficients, wait);
        _tensorBoard?.Step(step, result, imagesPerSecond, records, coefficients, peak);
    }

    public void Evaluation(long step, int epoch, EvaluationResult result)
    {
        _evaluations.Add(new EvaluationMetrics(step, epoch, result));
        _metrics?.Evaluation(step, epoch, result);
        _tensorBoard?.Evaluation(step, result);
        _tensorBoard?.Flush();
    }

    public void Flush()
    {
        _metrics?.Flush();
        _tensorBoard?.Flush();
    }

    public void Dispose()
    {
        _metrics?.Dispose();
        _tensorBoard?.Dispose();
    }
}
