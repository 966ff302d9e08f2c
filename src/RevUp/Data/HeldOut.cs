using RevUp.Tensors;

namespace RevUp.Data;

/// <summary>
/// Splits a training set into the samples to learn from and those held out for validation.
/// </summary>
internal static class HeldOut
{
    // Of no recipe: the split must not change with the seed of a training.
    private const ulong Seed = 20_260_101;

    /// <summary>
    /// One of the two parts, in the order of the dataset. Which samples are held out depends on
    /// nothing but their number and the dataset's.
    /// </summary>
    /// <param name="dataset">The whole training set; the result owns it.</param>
    /// <param name="settings">
    /// How many samples are held out, and how many of the others are used.
    /// </param>
    /// <param name="split">Train or Validation.</param>
    /// <exception cref="ConfigurationException">The dataset has too few samples.</exception>
    public static ImageDataset Select(ImageDataset dataset, DataSettings settings, DatasetSplit split) =>
        Choose(dataset.Count, settings, split) is { } selected ? new SelectedSamples(dataset, selected) : dataset;

    /// <summary>The samples of a part; null for all in their order.</summary>
    /// <inheritdoc cref="Select"/>
    /// <param name="count">Samples of the whole training set.</param>
    /// <param name="settings">How many are held out and used.</param>
    /// <param name="split">Train or Validation.</param>
    public static int[]? Choose(int count, DataSettings settings, DatasetSplit split)
    {
        (int held, int used) = (settings.ValidationSamples, settings.TrainingSamples);
        ConfigurationException.Require(
            held < count,
            $"data.validationSamples is {held}, but the training set has {count}; hold out fewer");
        ConfigurationException.Require(
            used <= count - held,
            $"data.trainingSamples is {used}, but the training set has {count - held}; use a smaller number, or 0 for "
            + $"all");
        if (split == DatasetSplit.Train && held == 0)
        {
            return used == 0 || used == count ? null : [.. Enumerable.Range(0, used)];
        }
        EpochPermutation order = new(count, Seed, epoch: 0);
        IEnumerable<int> places = Enumerable.Range(0, count);
        int[] validation = [.. places.Take(held).Select(place => order[place]).Order()];
        if (split == DatasetSplit.Validation)
        {
            return validation;
        }
        HashSet<int> left = [.. validation];
        return [.. places.Where(index => !left.Contains(index)).Take(used == 0 ? count : used)];
    }
}
