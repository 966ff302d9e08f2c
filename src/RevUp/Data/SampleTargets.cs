namespace RevUp.Data;

/// <summary>The targets of datasets whose samples have K numbers each.</summary>
internal static class SampleTargets
{
    /// <summary>The K finite numbers of a sample.</summary>
    /// <exception cref="DataFileException">
    /// There are more or fewer, or one is not finite.
    /// </exception>
    public static ReadOnlySpan<float> Of(ImageDataset dataset, int index)
    {
        ReadOnlySpan<float> target = dataset.Target(index);
        if (target.Length != dataset.Classes.Count)
        {
            throw new DataFileException(
                dataset.Name(index),
                $"its target has {target.Length} numbers, and the dataset names {dataset.Classes.Count}; give one for "
                + "each.");
        }
        int bad = FiniteValues.IndexOfOther(target);
        return bad < 0 ? target : throw new DataFileException(
            dataset.Name(index),
            $"its target '{PrintableText.Of(dataset.Classes[bad])}' is {target[bad]}; correct it or leave the sample "
            + "out.");
    }
}
