using System.Diagnostics;
using RevUp.Distributed;
using RevUp.Reversible;
using RevUp.Training;

namespace RevUp.Runs;

/// <summary>
/// Running figures of a run: smoothed loss and speed for the display, totals for the summary.
/// </summary>
internal sealed class RunMeter
{
    private const double Smoothing = 0.95;
    private const int TimesKept = 4096;

    private readonly List<double> _times = [];
    private readonly List<RankWait> _waits = [];
    private readonly Stopwatch _wall = Stopwatch.StartNew();
    private double _weight;
    private double _loss;
    private double _top1;
    private double _absoluteError;
    private long _evaluations;
    private long _inversions;
    private TimeSpan _training;
    private TimeSpan _waited;

    public double Loss => _loss / _weight;

    public double Top1 => _top1 / _weight;

    /// <summary>Of a regression; NaN of another task.</summary>
    public double MeanAbsoluteError => _absoluteError / _weight;

    /// <summary>Of steps and evaluations.</summary>
    public Pace Pace { get; } = new();

    /// <summary>k of the last step.</summary>
    public double LastEvaluations { get; private set; }

    public double MeanEvaluations => _inversions == 0 ? 0 : (double)_evaluations / _inversions;

    public int MaxEvaluations { get; private set; }

    public double MaxResidual { get; private set; }

    /// <summary>
    /// Fraction of the time of the epochs in which the run waited for data; 0 before the first one
    /// ends.
    /// </summary>
    public double DataWaitShare => _training == TimeSpan.Zero ? 0 : _waited / _training;

    /// <summary>Median of the last steps' times, without data loading.</summary>
    public double MedianMilliseconds
    {
        get
        {
            double[] sorted = [.. _times.Order()];
            return sorted.Length == 0 ? 0 : sorted[sorted.Length / 2];
        }
    }

    /// <summary>
    /// Mean wait of the ranks in one of the last steps; null where none was measured.
    /// </summary>
    public RankWait? MeanWait => RankWait.Mean(_waits);

    public void Add(
        StepResult result, double milliseconds, ReadOnlySpan<InversionRecord> records, RankWait? wait = null)
    {
        if (wait is { } waited)
        {
            Keep(waited, _waits);
        }
        Pace.AddStep(_wall.Elapsed.TotalSeconds);
        _wall.Restart();
        _weight = Smoothing * _weight + 1 - Smoothing;
        _loss = Smoothing * _loss + (1 - Smoothing) * result.Loss;
        _top1 = Smoothing * _top1 + (1 - Smoothing) * result.Top1;
        _absoluteError = Smoothing * _absoluteError + (1 - Smoothing) * result.MeanAbsoluteError;
        Keep(milliseconds, _times);
        long evaluations = 0;
        int inverted = 0;
        foreach (InversionRecord record in records)
        {
            if (record.Evaluations == 0)
            {
                continue;
            }
            inverted++;
            evaluations += record.Evaluations;
            MaxEvaluations = Math.Max(MaxEvaluations, record.Evaluations);
            MaxResidual = record.Replayed ? MaxResidual : Math.Max(MaxResidual, record.Residual);
        }
        LastEvaluations = inverted == 0 ? 0 : (double)evaluations / inverted;
        _evaluations += evaluations;
        _inversions += inverted;
    }

    /// <summary>Counts an epoch, or what was trained of it.</summary>
    /// <param name="time">From its first batch to its last step.</param>
    /// <param name="waited">The part of it that passed until batches were ready.</param>
    public void AddEpoch(TimeSpan time, TimeSpan waited)
    {
        _training += time;
        _waited += waited;
    }

    /// <summary>
    /// Leaves what happens until the next step out of the speed: evaluation, saving.
    /// </summary>
    public void Skip() => _wall.Restart();

    private static void Keep<T>(T value, List<T> last)
    {
        if (last.Count == TimesKept)
        {
            last.RemoveRange(0, TimesKept / 2);
        }
        last.Add(value);
    }
}
