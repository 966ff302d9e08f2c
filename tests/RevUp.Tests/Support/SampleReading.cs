namespace RevUp.Tests.Support;

/// <summary>Samples as a network gets them.</summary>
internal static class SampleReading
{
    /// <summary>One sample, normalised.</summary>
    public static float[] Read(
        this SampleReader reader, int index, SampleKey key, SampleTransform transform, Shape sample)
    {
        byte[] bytes = new byte[sample.Count];
        float[] values = new float[sample.Count];
        SampleChanges[] changes = [new(Partner: 0, Weight: 1, default, default)];
        reader.Write(index, key, transform, new SampleRow(bytes, values, changes));
        return reader.WritesBytes
            ? new BatchPixels(bytes, changes, transform.Normalization).Values(sample)
            : values;
    }

    /// <summary>All pixels, from the CPU.</summary>
    public static float[] Values(this BatchPixels pixels, Shape sample)
    {
        using Backend backend = TestDevice.All[0].Open();
        return pixels.ToArray(backend, sample);
    }
}
