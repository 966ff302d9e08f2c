using System.Numerics;
using RevUp.Tensors;

namespace RevUp.Data.Transforms;

/// <summary>
/// Mixup and CutMix: every sample of a batch with a partner from the same batch, by one λ ~ Beta(α,
/// α) for all, pixels and targets.
/// </summary>
/// <remarks>
/// The batch is put into a random order, and the partner is the next one in it, the first after the
/// last: a uniform permutation without fixed points. It is one cycle, so that in place and with one
/// sample of scratch every partner is read before it is overwritten.
/// </remarks>
internal sealed class BatchMixer
{
    private readonly Augmentation _augmentation;
    private readonly int _height;
    private readonly int _width;
    private readonly int _channels;
    private readonly int[] _order;
    private readonly float[] _first;

    private BatchMixer(Augmentation augmentation, Shape sample, int classes, int capacity)
    {
        _augmentation = augmentation;
        _width = sample[sample.Rank - 2];
        _height = (int)(sample.Positions / _width);
        _channels = sample.Channels;
        _order = new int[capacity];
        _first = new float[Math.Max(sample.Count, classes)];
    }

    /// <summary>
    /// A mixer for batches of up to <paramref name="capacity"/> samples; null when there is nothing
    /// to mix.
    /// </summary>
    public static BatchMixer? Create(Augmentation augmentation, Shape sample, int classes, int capacity) =>
        augmentation.Mixup == 0 && augmentation.CutMix == 0
            ? null
            : new BatchMixer(augmentation, sample, classes, capacity);

    /// <summary>Mixes a batch of <paramref name="count"/> rows.</summary>
    /// <param name="values">The samples; empty where they are bytes.</param>
    /// <param name="changes">How the device mixes samples of bytes; empty with values.</param>
    /// <param name="targets">The targets.</param>
    /// <param name="count">Rows.</param>
    /// <param name="random">Random numbers of this batch.</param>
    public void Mix(
        Span<float> values, Span<SampleChanges> changes, Span<float> targets, int count, ref CounterRandom random)
    {
        (double mixup, double cutMix) = (_augmentation.Mixup, _augmentation.CutMix);
        bool cut = cutMix > 0 && (mixup == 0 || random.NextInt(2) == 1);
        double lambda = Beta.Draw(ref random, cut ? cutMix : mixup);
        Box? box = null;
        if (cut)
        {
            double side = Math.Sqrt(1 - lambda);
            Box drawn = Box.Draw(ref random, (int)(_height * side), (int)(_width * side), _height, _width);
            box = drawn;
            lambda = 1 - (double)drawn.Area / (_height * _width); // what the clipped box leaves
        }
        Shuffle(count, ref random);
        for (int i = 0; i < changes.Length; i++)
        {
            ref SampleChanges of = ref changes[_order[i]];
            of = of with
            {
                Partner = _order[(i + 1) % count],
                Weight = cut ? 1 : (float)lambda,
                Paste = box ?? default,
            };
        }
        if (!values.IsEmpty)
        {
            Blend(values, count, (float)lambda, box);
        }
        Blend(targets, count, (float)lambda, box: null);
    }

    // By Fisher and Yates, inside out.
    private void Shuffle(int count, ref CounterRandom random)
    {
        for (int i = 0; i < count; i++)
        {
            int j = random.NextInt(i + 1);
            _order[i] = _order[j];
            _order[j] = i;
        }
    }

    // Each row with the next one in the order; the first was overwritten when the last one needs
    // it, so it is kept. By λ, or the box where there is one.
    private void Blend(Span<float> rows, int count, float lambda, Box? box)
    {
        int length = rows.Length / count;
        Span<float> first = _first.AsSpan(0, length);
        rows.Slice(_order[0] * length, length).CopyTo(first);
        for (int i = 0; i < count; i++)
        {
            Span<float> row = rows.Slice(_order[i] * length, length);
            ReadOnlySpan<float> partner = i + 1 < count ? rows.Slice(_order[i + 1] * length, length) : first;
            if (box is { } cut)
            {
                cut.Copy(partner, row, _width * _channels, _channels);
            }
            else
            {
                Interpolate(row, partner, lambda);
            }
        }
    }

    // row = λ·row + (1 − λ)·partner
    private static void Interpolate(Span<float> row, ReadOnlySpan<float> partner, float lambda)
    {
        int i = 0;
        for (; i <= row.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> mixed = lambda * new Vector<float>(row[i..]) + (1 - lambda) * new Vector<float>(partner[i..]);
            mixed.CopyTo(row[i..]);
        }
        for (; i < row.Length; i++)
        {
            row[i] = lambda * row[i] + (1 - lambda) * partner[i];
        }
    }
}
