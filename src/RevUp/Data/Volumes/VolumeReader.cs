using RevUp.Data.Transforms;
using RevUp.Tensors;

namespace RevUp.Data.Volumes;

/// <summary>
/// Reads volumes on one thread: normalised, cut or padded to the sample, mirrored.
/// </summary>
internal sealed class VolumeReader(VolumeDataset dataset, VolumeFile file) : SampleReader
{
    private readonly VolumeExtents _sample = VolumeExtents.Of(dataset.Sample);

    internal override void Write(int index, SampleKey key, SampleTransform transform, SampleRow row)
    {
        VolumeBuffer volume = file.Load(dataset.Name(index));
        (Augmentation augmentation, ChannelNormalization normalization) = transform;
        if (dataset.IsNormalized)
        {
            ChannelStatistics own = new(_sample.Channels);
            own.Add(volume.Values);
            own.ToNormalization().Apply(volume.Values);
        }
        normalization.Apply(volume.Values);
        Cut(volume, key, augmentation.RandomPlace, row.Values);
        AxisMirror.Draw(key, augmentation).Apply(row.Values, dataset.Sample);
    }

    internal override void Measure(int index, ChannelStatistics statistics) =>
        statistics.Add(file.Load(dataset.Name(index)).Values);

    // Copies rows; what lies outside the volume is the mean.
    private void Cut(VolumeBuffer volume, SampleKey key, bool randomPlace, Span<float> destination)
    {
        VolumeExtents from = volume.Extents;
        if (from == _sample)
        {
            volume.Values.CopyTo(destination);
            return;
        }
        CounterRandom random = key.Draws(RandomStreams.VolumeCrop);
        int depth = Start(ref random, from.Depth, _sample.Depth, randomPlace);
        int height = Start(ref random, from.Height, _sample.Height, randomPlace);
        int width = Start(ref random, from.Width, _sample.Width, randomPlace);
        destination.Clear();
        int first = Math.Max(0, -width), count = Math.Min(_sample.Width, from.Width - width) - first;
        for (int row = 0; row < _sample.Depth * _sample.Height; row++)
        {
            int d = row / _sample.Height + depth, h = row % _sample.Height + height;
            if (d >= 0 && d < from.Depth && h >= 0 && h < from.Height)
            {
                int source = ((d * from.Height + h) * from.Width + width + first) * from.Channels;
                volume.Values.Slice(source, count * from.Channels)
                    .CopyTo(destination[((row * _sample.Width + first) * from.Channels)..]);
            }
        }
    }

    // The place in the volume of the sample's first voxel on one axis; negative where it is padded.
    // Always one draw.
    private static int Start(ref CounterRandom random, int volume, int sample, bool randomPlace)
    {
        int spare = volume - sample, drawn = random.NextInt(Math.Max(spare, 0) + 1);
        return spare <= 0 ? -(-spare / 2) : randomPlace ? drawn : spare / 2;
    }
}
