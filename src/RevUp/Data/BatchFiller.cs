using RevUp.Data.Transforms;
using RevUp.Tensors;

namespace RevUp.Data;

/// <summary>
/// Buffers and work of one worker of a <see cref="BatchLoader"/>. It puts samples into the rows of
/// a batch, then mixes the batch.
/// </summary>
internal sealed class BatchFiller(
    ImageDataset dataset, SampleTransform transform, BatchLoaderOptions options, DamagedSamples damaged) : IDisposable
{
    private readonly SampleReader _reader = dataset.OpenReader();
    private readonly BatchMixer? _mixer =
        dataset.HasLabelMaps ? null : BatchMixer.Create(
            transform.Augmentation, dataset.Sample, dataset.Classes.Count, Math.Min(options.BatchSize, dataset.Count));

    /// <summary>Whether samples are bytes.</summary>
    public bool WritesBytes => _reader.WritesBytes;

    /// <summary>
    /// Fills row <paramref name="row"/> with the sample at <paramref name="position"/> of the
    /// epoch's order; false when it is damaged and to be left out. Where it is to be replaced, the
    /// next good one of that order comes in its place, augmented as the damaged one would have
    /// been: a function of the files alone, so that no run depends on who met it first.
    /// </summary>
    public bool TryWriteSample(Batch batch, int row, in EpochPermutation order, int position)
    {
        SampleKey key = new(options.Seed, batch.Epoch, At(order, position));
        // Ends: when nothing is good, the list of the damaged throws.
        for (int next = position; ; next = (next + 1) % dataset.Count)
        {
            int index = At(order, next);
            try
            {
                _reader.Write(index, key, transform, batch.Row(row));
                RequireFinite(index, batch.Row(row).Values);
                if (!dataset.HasLabelMaps)
                {
                    WriteTarget(batch.TargetsOf(row), index);
                }
                batch.SetSample(row, index);
                return true;
            }
            catch (DataFileException problem)
            {
                damaged.Add(index, problem);
            }
            if (!options.ReplaceDamaged)
            {
                return false;
            }
        }
    }

    /// <summary>
    /// Closes the gaps of samples that are left out, then mixes the batch and weighs its classes,
    /// if anything asks for it.
    /// </summary>
    public void Finish(Batch batch)
    {
        batch.Close();
        CounterRandom random = new SampleKey(options.Seed, batch.Epoch, batch.Index).Draws(RandomStreams.Mixing);
        _mixer?.Mix(batch.ValuesToFill, batch.ChangesToFill, batch.TargetsToFill, batch.Count, ref random);
        if (options.ClassWeights is { } weights && !dataset.HasLabelMaps)
        {
            Span<float> targets = batch.TargetsToFill;
            for (int i = 0; i < targets.Length; i++)
            {
                targets[i] *= weights[i % weights.Count];
            }
        }
    }

    public void Dispose() => _reader.Dispose();

    // A reader of someone else's data may hand over anything. Of bytes there are no values here.
    private void RequireFinite(int index, ReadOnlySpan<float> values)
    {
        int bad = FiniteValues.IndexOfOther(values);
        if (bad >= 0)
        {
            throw new DataFileException(
                dataset.Name(index),
                $"value {bad} is {values[bad]} after normalisation; correct the sample or leave it out.");
        }
    }

    private int At(in EpochPermutation order, int position) => options.Shuffle ? order[position] : position;

    private void WriteTarget(Span<float> target, int index)
    {
        float smoothing = (float)transform.Augmentation.LabelSmoothing;
        float rest = smoothing / target.Length;
        if (dataset.HasTargets)
        {
            SampleTargets.Of(dataset, index).CopyTo(target);
            if (smoothing > 0)
            {
                foreach (ref float number in target)
                {
                    number = (1 - smoothing) * number + rest;
                }
            }
            return;
        }
        target.Fill(rest);
        target[dataset.Label(index)] = 1 - smoothing + rest;
    }
}
