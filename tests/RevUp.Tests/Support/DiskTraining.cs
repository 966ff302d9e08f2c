namespace RevUp.Tests.Support;

/// <summary>
/// A small U-Net that tells disks from the background: every picture is a brighter disk in noise.
/// </summary>
internal sealed class DiskTraining : IDisposable
{
    public const int Classes = 2;
    private const double Noise = 0.5;

    public DiskTraining(
        TestDevice device, MemoryPolicy policy, TrainingSettings? settings = null, int extent = 16, int channels = 4)
    {
        Extent = extent;
        Backend = device.Open();
        ModelSettings model = new()
        {
            Task = ModelTask.Segmentation,
            Stages = [TestUNet.Stage(1, channels, 1), TestUNet.Stage(1, 2 * channels, 0)],
        };
        Net = new RevUpNet(Backend, model, new Shape(1, extent, extent, 1), Classes, seed: 5);
        TrainingSettings training =
            settings ?? new TrainingSettings { Optimizer = new OptimizerSettings { LearningRate = 0.1 } };
        Step = new TrainingStep(Net, training, new MemoryPlan { Policy = policy }, new InversionSettings());
    }

    public int Extent { get; }

    public Backend Backend { get; }

    public RevUpNet Net { get; }

    public TrainingStep Step { get; }

    /// <summary>A batch; the same numbers on every machine.</summary>
    public (float[] Pixels, ushort[] Labels) Data(long step, int batch = 4)
    {
        float[] pixels = Vectors.Normal(1000 + step, batch * Extent * Extent, Noise);
        ushort[] labels = new ushort[pixels.Length];
        CounterRandom random = new(7, 1, step);
        for (int n = 0; n < batch; n++)
        {
            int radius = Extent / 6 + random.NextInt(Extent / 6);
            (int row, int column) = (random.NextInt(Extent), random.NextInt(Extent));
            for (int i = 0; i < Extent * Extent; i++)
            {
                (int y, int x) = (i / Extent - row, i % Extent - column);
                if (y * y + x * x <= radius * radius)
                {
                    labels[n * Extent * Extent + i] = 1;
                    pixels[n * Extent * Extent + i] += 1;
                }
            }
        }
        return (pixels, labels);
    }

    /// <summary>Trains and returns the result of every step.</summary>
    public StepResult[] Train(int steps)
    {
        StepResult[] results = new StepResult[steps];
        for (int i = 0; i < steps; i++)
        {
            (float[] pixels, ushort[] labels) = Data(Step.Count);
            results[i] = Step.Run(pixels, labels, 1);
        }
        return results;
    }

    /// <summary>Labels that the network gives these pixels.</summary>
    public ushort[] Segment(float[] pixels)
    {
        Tensor logits = Net.Infer(pixels);
        Tensor labels = Backend.Memory.Allocate(
            new Shape(logits.Shape.Batch, Extent, Extent), ElementType.UInt16, MemoryPurpose.Activations);
        Backend.ArgMax(logits, labels);
        ushort[] values = new ushort[labels.Count];
        Backend.Download<ushort>(labels, values);
        Backend.Memory.Free(labels);
        Backend.Memory.Free(logits);
        return values;
    }

    /// <summary>All parameters.</summary>
    public float[] State() => Backend.ToHost(Net.Parameters.Values);

    public void Dispose()
    {
        Step.Dispose();
        Net.Dispose();
        Backend.Dispose();
    }
}
