namespace RevUp.Data.Volumes;

/// <summary>
/// A volume in memory, [D, H, W, C] floats, and changes of its axes. Its arrays are used again for
/// the next volume.
/// </summary>
internal sealed class VolumeBuffer
{
    private float[] _values = [];
    private float[] _scratch = [];

    /// <summary>Its size.</summary>
    public VolumeExtents Extents { get; private set; }

    /// <summary>D · H · W · C floats, channels-last.</summary>
    public Span<float> Values => _values.AsSpan(0, (int)Extents.Count);

    /// <summary>Takes a size; values are whatever was there.</summary>
    public void Resize(VolumeExtents extents)
    {
        Grow(ref _values, extents);
        Extents = extents;
    }

    /// <summary>Permutes and mirrors the axes.</summary>
    /// <param name="axes">For W, H and D in this order: the axis that it is now (0 for W, 1 for H,
    /// 2 for D), and whether that runs the other way.</param>
    public void Orient((int Axis, bool Flip)[] axes)
    {
        if (axes is [(0, false), (1, false), (2, false)])
        {
            return;
        }
        VolumeExtents from = Extents, to = Oriented(from, axes);
        Grow(ref _scratch, to);
        int channels = from.Channels;
        int[] extents = [from.Width, from.Height, from.Depth];
        int[] strides = [channels, from.Width * channels, from.Width * from.Height * channels];
        int first = 0;
        int[] steps = new int[3];
        for (int i = 0; i < axes.Length; i++)
        {
            (int axis, bool flip) = axes[i];
            first += flip ? (extents[axis] - 1) * strides[axis] : 0;
            steps[i] = flip ? -strides[axis] : strides[axis];
        }
        int at = 0;
        for (int d = 0; d < to.Depth; d++)
        {
            for (int h = 0; h < to.Height; h++)
            {
                int source = first + d * steps[2] + h * steps[1];
                for (int w = 0; w < to.Width; w++, source += steps[0], at += channels)
                {
                    _values.AsSpan(source, channels).CopyTo(_scratch.AsSpan(at));
                }
            }
        }
        Swap(to);
    }

    /// <summary>The size after <see cref="Orient"/>.</summary>
    public static VolumeExtents Oriented(VolumeExtents from, (int Axis, bool Flip)[] axes)
    {
        int[] extents = [from.Width, from.Height, from.Depth];
        return new VolumeExtents(extents[axes[2].Axis], extents[axes[1].Axis], extents[axes[0].Axis], from.Channels);
    }

    /// <summary>
    /// Resamples to other extents, linearly along each axis; centres of the volume's ends stay
    /// within it.
    /// </summary>
    public void Resample(int depth, int height, int width)
    {
        ResampleAxis(
            outer: 1,
            Extents.Depth,
            depth,
            Extents.Height * Extents.Width * Extents.Channels,
            Extents with { Depth = depth });
        ResampleAxis(
            outer: depth, Extents.Height, height, Extents.Width * Extents.Channels, Extents with { Height = height });
        ResampleAxis(outer: depth * height, Extents.Width, width, Extents.Channels, Extents with { Width = width });
    }

    // [outer, before, inner] → [outer, after, inner]
    private void ResampleAxis(int outer, int before, int after, int inner, VolumeExtents to)
    {
        if (before == after)
        {
            return;
        }
        Grow(ref _scratch, to);
        double step = (double)before / after;
        for (int i = 0; i < after; i++)
        {
            double place = Math.Clamp((i + 0.5) * step - 0.5, 0, before - 1);
            int low = (int)place, high = Math.Min(low + 1, before - 1);
            float share = (float)(place - low);
            for (int block = 0; block < outer; block++)
            {
                ReadOnlySpan<float> left = _values.AsSpan((block * before + low) * inner, inner);
                ReadOnlySpan<float> right = _values.AsSpan((block * before + high) * inner, inner);
                Span<float> target = _scratch.AsSpan((block * after + i) * inner, inner);
                for (int k = 0; k < inner; k++)
                {
                    target[k] = left[k] + share * (right[k] - left[k]);
                }
            }
        }
        Swap(to);
    }

    private void Swap(VolumeExtents extents)
    {
        (_values, _scratch) = (_scratch, _values);
        Extents = extents;
    }

    private static void Grow(ref float[] array, VolumeExtents extents)
    {
        if (array.Length < (int)extents.Count)
        {
            array = GC.AllocateUninitializedArray<float>((int)extents.Count);
        }
    }
}
