using RevUp.Data.Volumes;

namespace RevUp.Data.Dense;

/// <summary>
/// Rules that turn the files of a case into the numbers that a network gets, by nnU-Net: cropped to
/// the box of values other than 0, normalised, resampled.
/// </summary>
/// <param name="Spacing">Millimetres of prepared cases along D, H, W.</param>
/// <param name="Channels">A rule for each of C channels.</param>
/// <param name="IsMasked">
/// Whether values of 0 in all channels stay 0 and do not count in the statistics of a case: where
/// the crop saves more than a quarter of the volume in the median.
/// </param>
/// <remarks>
/// nnU-Net also counts zeros inside the body, since it fills holes; here they stay 0. Along an axis
/// that is more than 3 times coarser than another one, the nearest plane is taken.
/// </remarks>
internal sealed record DensePreparation(
    IReadOnlyList<double> Spacing, IReadOnlyList<ChannelRule> Channels, bool IsMasked)
{
    /// <summary>
    /// Millimetres, the smallest step for electron microscopes; a damaged header would make a case
    /// of billions of voxels.
    /// </summary>
    public const double LeastSpacing = 1e-6;

    /// <inheritdoc cref="LeastSpacing"/>
    public const double MostSpacing = 1e3;

    private const double Anisotropic = 3;

    /// <summary>
    /// Prepares a case, whose pixels are overwritten. Thread-safe.
    /// </summary>
    public PreparedCase Apply(SourceCase source, string name)
    {
        int channels = Channels.Count;
        (int[] origin, VolumeExtents box) = NonZeroBox(source.Pixels, source.Grid.Extents);
        float[] pixels = Cut(source.Pixels, source.Grid.Extents, origin, box);
        ushort[]? labels = source.Labels is null ? null : Cut(
            source.Labels, source.Grid.Extents with { Channels = 1 }, origin, box with { Channels = 1 });
        bool[]? isCounted = IsMasked ? NonZero(pixels, channels) : null;
        for (int channel = 0; channel < channels; channel++)
        {
            Channels[channel].Apply(pixels, channels, channel, isCounted);
        }
        VolumeGrid cut = source.Grid.Cut(origin, box);
        VolumeExtents to = ExtentsOf(cut);
        int? nearest = CoarseAxis(cut.Spacing) ?? CoarseAxis(Spacing);
        pixels = CubicResampler.Resize(pixels, box, to, nearest);
        labels = labels is null ? null : LabelResampler.Resize(labels, box, to, nearest);
        return new PreparedCase(
            name,
            pixels,
            labels ?? [],
            cut.Resampled(to.Depth, to.Height, to.Width),
            CropPlace.Of(source.Grid, origin, box),
            to == box ? [] : source.Labels ?? []);
    }

    /// <summary>
    /// Brings a label map of a prepared case back to the voxels of the case's files: resampled to
    /// the crop, and class 0 around it.
    /// </summary>
    /// <param name="labels">[D, H, W] of the prepared case.</param>
    /// <param name="prepared">Extents of the prepared case.</param>
    /// <param name="place">Where the case lies in its files.</param>
    /// <returns>[D, H, W] of the files, their axes in RAS.</returns>
    public ushort[] Restore(ushort[] labels, VolumeExtents prepared, CropPlace place)
    {
        (VolumeExtents from, VolumeExtents box) = (prepared with { Channels = 1 }, place.BoxExtents);
        VolumeExtents all = place.SourceExtents;
        int? nearest = CoarseAxis(place.Spacing) ?? CoarseAxis(Spacing);
        ushort[] crop = LabelResampler.Resize(labels, from, box, nearest);
        ushort[] restored = new ushort[checked(all.Depth * all.Height * all.Width)];
        IReadOnlyList<int> origin = place.Origin;
        for (int line = 0; line < box.Depth * box.Height; line++)
        {
            int d = line / box.Height + origin[0], h = line % box.Height + origin[1];
            crop.AsSpan(line * box.Width, box.Width).CopyTo(
                restored.AsSpan((d * all.Height + h) * all.Width + origin[2]));
        }
        return restored;
    }

    /// <summary>
    /// First position along D, H, W and extents of the smallest box outside of which all channels
    /// are 0; all of a volume that is 0.
    /// </summary>
    public static (int[] Origin, VolumeExtents Box) NonZeroBox(ReadOnlySpan<float> pixels, VolumeExtents extents)
    {
        int[] first = [extents.Depth, extents.Height, extents.Width], last = [-1, -1, -1];
        int row = extents.Width * extents.Channels;
        for (int line = 0; line < extents.Depth * extents.Height; line++)
        {
            ReadOnlySpan<float> values = pixels.Slice(line * row, row);
            int left = values.IndexOfAnyExcept(0f);
            if (left >= 0)
            {
                Include(0, line / extents.Height, line / extents.Height);
                Include(1, line % extents.Height, line % extents.Height);
                Include(2, left / extents.Channels, values.LastIndexOfAnyExcept(0f) / extents.Channels);
            }
        }
        return last[0] < 0
            ? ([0, 0, 0], extents)
            : (first, extents with
            {
                Depth = last[0] - first[0] + 1,
                Height = last[1] - first[1] + 1,
                Width = last[2] - first[2] + 1,
            });

        void Include(int axis, int low, int high) =>
            (first[axis], last[axis]) = (Math.Min(first[axis], low), Math.Max(last[axis], high));
    }

    /// <summary>The axis that is more than 3 times coarser than another; null for none.</summary>
    private static int? CoarseAxis(IReadOnlyList<double> spacing)
    {
        double most = spacing.Max();
        return most > Anisotropic * spacing.Min() ? Enumerable.Range(0, 3).First(axis => spacing[axis] == most) : null;
    }

    private VolumeExtents ExtentsOf(VolumeGrid grid)
    {
        int[] from = [grid.Extents.Depth, grid.Extents.Height, grid.Extents.Width];
        int[] to =
        [
            .. from.Select((extent, axis) => (int)Math.Clamp(
                Math.Round(extent * grid.Spacing[axis] / Spacing[axis]), 1, int.MaxValue)),
        ];
        VolumeExtents extents = new(to[0], to[1], to[2], grid.Extents.Channels);
        return extents.Count <= Array.MaxLength ? extents : throw new Tensors.ConfigurationException(
            $"The spacing [{string.Join(", ", Spacing)}] makes a case of {extents} values, over the {Array.MaxLength} "
            + $"of one array; use a larger spacing");
    }

    private static bool[] NonZero(ReadOnlySpan<float> pixels, int channels)
    {
        bool[] isCounted = new bool[pixels.Length / channels];
        for (int position = 0; position < isCounted.Length; position++)
        {
            isCounted[position] = pixels.Slice(position * channels, channels).ContainsAnyExcept(0f);
        }
        return isCounted;
    }

    private static T[] Cut<T>(T[] values, VolumeExtents from, int[] origin, VolumeExtents box)
    {
        if (from == box)
        {
            return values;
        }
        T[] cut = GC.AllocateUninitializedArray<T>((int)box.Count);
        int row = box.Width * box.Channels;
        for (int line = 0; line < box.Depth * box.Height; line++)
        {
            int d = line / box.Height + origin[0], h = line % box.Height + origin[1];
            int start = ((d * from.Height + h) * from.Width + origin[2]) * from.Channels;
            values.AsSpan(start, row).CopyTo(cut.AsSpan(line * row));
        }
        return cut;
    }
}
