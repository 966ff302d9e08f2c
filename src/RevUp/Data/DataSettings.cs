using RevUp.Tensors;

namespace RevUp.Data;

/// <summary>Where samples come from.</summary>
public enum DatasetKind
{
    /// <summary>Fashion-MNIST: 60,000 + 10,000 grey images of 28×28, 10 classes.</summary>
    FashionMnist,

    /// <summary>MNIST, in the same format.</summary>
    Mnist,

    /// <summary>Seeded patterns of any shape, for tests and measurements.</summary>
    Synthetic,
}

/// <summary>The data of a recipe.</summary>
public sealed record DataSettings
{
    /// <summary>Samples of a synthetic training set when <see cref="TrainingSamples"/> does not say.</summary>
    public const int SyntheticSamples = 512;

    /// <summary>Where samples come from.</summary>
    public DatasetKind Dataset { get; init; }

    /// <summary>Folder of the files; null for where the system's package puts them.</summary>
    public string? Path { get; init; }

    /// <summary>Zeros added on every side before a random crop of the original size; 0 for no crop.</summary>
    public int Padding { get; init; }

    /// <summary>Whether samples are mirrored at random.</summary>
    public bool Flip { get; init; }

    /// <summary>Background threads that prepare batches.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>Training samples used, from the start of the set; 0 for all.</summary>
    public int TrainingSamples { get; init; }

    /// <summary>Extents of synthetic samples: [H, W] or [D, H, W].</summary>
    public IReadOnlyList<int> Extents { get; init; } = [];

    /// <summary>Channels of synthetic samples.</summary>
    public int Channels { get; init; } = 1;

    /// <summary>Classes of synthetic samples.</summary>
    public int Classes { get; init; } = 10;

    /// <summary>Shape of one sample, [1, (D), H, W, C], without opening any file.</summary>
    public Shape Sample => Dataset == DatasetKind.Synthetic ? new Shape([1, .. Extents, Channels]) : new Shape(1, 28, 28, 1);

    /// <summary>Number of classes, without opening any file.</summary>
    public int ClassCount => Dataset == DatasetKind.Synthetic ? Classes : 10;

    /// <summary>Throws when a value is outside its range.</summary>
    /// <exception cref="ConfigurationException">Names the value and the range.</exception>
    public void Validate()
    {
        ConfigurationException.Require(Padding is >= 0 and <= 1024, $"data.padding is {Padding}; use 0 to 1024");
        ConfigurationException.Require(Workers is >= 1 and <= 256, $"data.workers is {Workers}; use 1 to 256");
        ConfigurationException.Require(TrainingSamples >= 0, $"data.trainingSamples is {TrainingSamples}; use a positive number, or 0 for all");
        if (Dataset == DatasetKind.Synthetic)
        {
            ConfigurationException.Require(
                Extents.Count is 2 or 3 && Extents.All(e => e is >= 1 and <= 65_536),
                $"data.extents is [{string.Join(", ", Extents)}]; synthetic data needs [height, width] or [depth, height, width]");
            ConfigurationException.Require(Channels is >= 1 and <= 4096, $"data.channels is {Channels}; use 1 to 4096");
            ConfigurationException.Require(Classes is >= 2 and <= 100_000, $"data.classes is {Classes}; use 2 to 100000");
        }
    }
}
