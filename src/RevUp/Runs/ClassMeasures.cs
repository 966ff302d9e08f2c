namespace RevUp.Runs;

/// <summary>How well each of K classes is told from the others.</summary>
/// <remarks>
/// Balanced accuracy is the mean recall of the classes that have samples: a network that always
/// answers the commonest class has 1/K. AUC compares a sample of a class with a sample of another
/// class. It is the probability that the first one gets the higher score for the class; ties count
/// half (Mann and Whitney, 1947). For K &gt; 2 it is the mean over the classes, each against all
/// others. AUC needs the outputs for all samples, and is left out if these are more than 8 million
/// numbers.
/// </remarks>
internal sealed class ClassMeasures : IEquatable<ClassMeasures>
{
    /// <summary>The most classes of which a confusion matrix is kept.</summary>
    public const int MaximumConfusion = 1000;

    private const int MaximumFrequent = 32;

    private readonly int[] _confusion;
    private readonly int[] _samples;
    private readonly int[] _correct;

    internal ClassMeasures(
        int[] samples, int[] correct, int[] confusion, double auc, IReadOnlyList<ClassConfusion>? frequent = null)
    {
        (_samples, _correct, _confusion, Auc) = (samples, correct, confusion, auc);
        Recall = [.. samples.Zip(correct, (all, right) => all == 0 ? double.NaN : (double)right / all)];
        Frequent = frequent ?? MostFrequent(confusion, samples.Length);
        BalancedAccuracy = Recall.Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average();
    }

    /// <summary>
    /// Fraction of the samples of each class that were found; NaN of a class without samples.
    /// </summary>
    public IReadOnlyList<double> Recall { get; }

    /// <summary>Samples of each class.</summary>
    public IReadOnlyList<int> Samples => _samples;

    /// <summary>Mean recall over the classes that have samples.</summary>
    public double BalancedAccuracy { get; }

    /// <summary>Area under the ROC curve; NaN where it is not defined or was left out.</summary>
    public double Auc { get; }

    /// <summary>
    /// The 32 most frequent confusions of two classes, the most frequent first; empty where there
    /// is neither a confusion matrix nor a list of them.
    /// </summary>
    public IReadOnlyList<ClassConfusion> Frequent { get; }

    /// <summary>Whether there is a confusion matrix: up to 1,000 classes.</summary>
    public bool HasConfusion => _confusion.Length > 0;

    /// <summary>Samples of one class that were taken for another, or for itself.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such class.</exception>
    /// <exception cref="InvalidOperationException">There are too many classes.</exception>
    public int Confusion(int actual, int predicted)
    {
        uint classes = (uint)_samples.Length;
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)actual, classes, nameof(actual));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)predicted, classes, nameof(predicted));
        return HasConfusion ? _confusion[actual * _samples.Length + predicted] : throw new InvalidOperationException(
            $"There are {_samples.Length} classes, and a confusion matrix is kept of {MaximumConfusion} at the most.");
    }

    /// <summary>The confusion matrix, a row for each class; empty where there is none.</summary>
    public IReadOnlyList<IReadOnlyList<int>> ConfusionRows() => [.. _confusion.Chunk(Math.Max(1, _samples.Length))];

    public bool Equals(ClassMeasures? other) => other is not null
        && _samples.AsSpan().SequenceEqual(other._samples)
        && _correct.AsSpan().SequenceEqual(other._correct)
        && _confusion.AsSpan().SequenceEqual(other._confusion)
        && Auc.Equals(other.Auc);

    public override bool Equals(object? obj) => Equals(obj as ClassMeasures);

    public override int GetHashCode() => HashCode.Combine(_samples.Length, BalancedAccuracy, Auc);

    private static ClassConfusion[] MostFrequent(int[] confusion, int classes) =>
        [.. confusion.Select((count, i) => new ClassConfusion(i / classes, i % classes, count))
            .Where(pair => pair.Actual != pair.Predicted && pair.Samples > 0)
            .OrderByDescending(pair => pair.Samples).Take(MaximumFrequent)];
}
