using RevUp.Tensors;

namespace RevUp.Data;

/// <summary>
/// The samples of a dataset that could not be read so far, each once, and how many are too many.
/// Thread-safe.
/// </summary>
internal sealed class DamagedSamples
{
    private readonly ImageDataset _dataset;
    private readonly double _maximumShare;
    private readonly Action<DamagedSample>? _found;
    private readonly Dictionary<int, DamagedSample> _samples = [];

    /// <param name="dataset">Where they are from.</param>
    /// <param name="maximumShare">
    /// The share of damaged samples up to which they are only left out.
    /// </param>
    /// <param name="found">Called once for each, by the thread that met it, one at a time.</param>
    /// <exception cref="ConfigurationException">The share is not in 0 .. 1.</exception>
    public DamagedSamples(ImageDataset dataset, double maximumShare, Action<DamagedSample>? found = null)
    {
        ConfigurationException.Require(
            maximumShare is >= 0 and <= 1, $"data.maximumDamagedShare is {maximumShare}; use 0 to 1");
        (_dataset, _maximumShare, _found) = (dataset, maximumShare, found);
    }

    /// <summary>How many there are.</summary>
    public int Count
    {
        get
        {
            lock (_samples)
            {
                return _samples.Count;
            }
        }
    }

    /// <summary>A copy of the list, in the order of the dataset.</summary>
    public IReadOnlyList<DamagedSample> ToList()
    {
        lock (_samples)
        {
            return [.. _samples.Values.OrderBy(sample => sample.Index)];
        }
    }

    /// <summary>Takes note of one.</summary>
    /// <exception cref="DataFileException">Now there are too many.</exception>
    internal void Add(int index, DataFileException problem) =>
        Add(new DamagedSample(index, problem.Message), problem.File, problem);

    /// <summary>Takes note of one that another rank has met.</summary>
    /// <exception cref="DataFileException">Now there are too many.</exception>
    internal void Join(DamagedSample sample) => Add(sample, _dataset.Name(sample.Index), problem: null);

    private void Add(DamagedSample sample, string file, DataFileException? problem)
    {
        lock (_samples)
        {
            if (_samples.TryAdd(sample.Index, sample))
            {
                _found?.Invoke(sample);
            }
            if (_samples.Count > _maximumShare * _dataset.Count || _samples.Count == _dataset.Count)
            {
                string share = FormattableString.Invariant($"data.maximumDamagedShare = {_maximumShare}");
                throw new DataFileException(
                    file,
                    $"{_samples.Count} of {_dataset.Count} samples are damaged, more than {share} allows; the last: "
                    + $"{sample.Reason}", problem);
            }
        }
    }
}
