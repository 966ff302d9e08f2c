namespace RevUp.Tests.Data;

[TestClass]
public sealed class PatchStatisticsTests
{
    [TestMethod]
    [DataRow(5, 4, 0)]
    [DataRow(3, 4, 5)]
    public void MomentsAreMeansOverAllPatches(int first, int second, int third)
    {
        const int Channels = 2, Kernel = 3;
        Shape sample = third == 0 ? new(1, first, second, Channels) : new(1, first, second, third, Channels);
        using SyntheticDataset images = SyntheticDataset.Create(7, sample, classes: 2, seed: 3);
        ChannelNormalization normalization = ChannelNormalization.Compute(images);
        double[,] moments = PatchStatistics.Moments(images, normalization, new Augmentation(), Kernel);

        List<double[]> patches = [];
        using SampleReader reader = images.OpenReader();
        (int depth, int height, int width) = third == 0 ? (1, first, second) : (first, second, third);
        int thickness = third == 0 ? 1 : Kernel;
        for (int i = 0; i < images.Count; i++)
        {
            float[] values = reader.Read(
                i, new SampleKey(0, 0, i), new SampleTransform(new Augmentation(), normalization), sample);
            for (int z = 0; z <= depth - thickness; z++)
            {
                for (int y = 0; y <= height - Kernel; y++)
                {
                    for (int x = 0; x <= width - Kernel; x++)
                    {
                        patches.Add([.. from dz in Enumerable.Range(z, thickness)
                            from dy in Enumerable.Range(y, Kernel)
                            from dx in Enumerable.Range(x, Kernel)
                            from c in Enumerable.Range(0, Channels)
                            select (double)values[((dz * height + dy) * width + dx) * Channels + c]]);
                    }
                }
            }
        }
        int elements = patches[0].Length;
        Assert.AreEqual((elements, elements), (moments.GetLength(0), moments.GetLength(1)));
        for (int i = 0; i < elements; i++)
        {
            for (int j = 0; j < elements; j++)
            {
                Assert.AreEqual(patches.Average(patch => patch[i] * patch[j]), moments[i, j], 1e-10);
            }
        }
    }

    [TestMethod]
    public void SamplesSmallerThanAPatchAreRefused()
    {
        using SyntheticDataset images = SyntheticDataset.Create(2, new Shape(1, 8, 2, 1), classes: 2, seed: 1);
        Assert.Contains(
            "model.stem is 'whitened', which needs samples of 3 positions",
            Assert.ThrowsExactly<ConfigurationException>(() => PatchStatistics.Moments(
                images, ChannelNormalization.Compute(images), new Augmentation(), kernel: 3)).Message);
    }
}
