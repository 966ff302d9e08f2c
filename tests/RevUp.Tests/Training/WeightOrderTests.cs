namespace RevUp.Tests.Training;

/// <summary>Weights go to PyTorch's order of axes and come back as the same bits.</summary>
[TestClass]
public sealed class WeightOrderTests : FolderTest
{
    private const string Weight = "stages.0.blocks.0.conv1.weight";

    [TestMethod]
    public void ChannelsFirstIsTheOrderOfPyTorchAndComesBackExactly()
    {
        using SmallTraining trained = new(), fresh = new();
        trained.Run(first: 0, count: 8);
        trained.Net.SaveWeights(Folder["last"]);
        trained.Net.SaveWeights(Folder["first"], channelsFirst: true);
        (float[] last, int[] lastShape) = Read(Folder["last"]);
        (float[] first, int[] firstShape) = Read(Folder["first"]);
        (int outputs, int height, int width, int inputs) = (lastShape[0], lastShape[1], lastShape[2], lastShape[3]);
        CollectionAssert.AreEqual(new[] { outputs, inputs, height, width }, firstShape);
        for (int o = 0; o < outputs; o++)
        {
            for (int i = 0; i < inputs; i++)
            {
                for (int y = 0; y < height; y++)
                {
                    for (int x = 0; x < width; x++)
                    {
                        Assert.AreEqual(
                            last[(((o * height + y) * width) + x) * inputs + i],
                            first[(((o * inputs + i) * height) + y) * width + x]);
                    }
                }
            }
        }
        CollectionAssert.AreNotEqual(trained.State(), fresh.State());
        fresh.Net.LoadWeights(Folder["first"]);
        CollectionAssert.AreEqual(trained.State(), fresh.State());
    }

    private static (float[] Values, int[] Shape) Read(string path)
    {
        using SafetensorsReader reader = new(path);
        SafetensorsTensor tensor = reader.Find(Weight)!;
        float[] values = new float[tensor.ByteCount / sizeof(float)];
        reader.Read(Weight, values.AsSpan());
        return (values, [.. tensor.Shape.ToArray().Select(extent => (int)extent)]);
    }
}
