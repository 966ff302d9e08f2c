namespace RevUp.Data;

/// <summary>Where samples come from.</summary>
public enum DatasetKind
{
    /// <summary>Fashion-MNIST: 60,000 + 10,000 grey images of 28×28, 10 classes.</summary>
    FashionMnist,

    /// <summary>
    /// MNIST and EMNIST, in the same format; a recipe may state other extents and classes.
    /// </summary>
    Mnist,

    /// <summary>Seeded patterns of any shape, for tests and measurements.</summary>
    Synthetic,

    /// <summary>
    /// CIFAR-10, binary or python version: 50,000 + 10,000 colour images of 32×32, 10 classes.
    /// </summary>
    Cifar10,

    /// <summary>CIFAR-100, binary or python version: the same with 100 classes.</summary>
    Cifar100,

    /// <summary>
    /// JPEG and PNG files in a folder for each class: train/CLASS/FILE, and test, val, validation
    /// or valid.
    /// </summary>
    ImageFolder,

    /// <summary>
    /// JPEG and PNG files in tar shards: train/*.tar, and test, val or validation.
    /// </summary>
    WebDataset,

    /// <summary>Volumes in NIfTI or raw files, with labels from train.csv and test.csv.</summary>
    Volumes,

    /// <summary>
    /// Volumes with label maps: nnU-Net's folder or the Medical Segmentation Decathlon's, or one of
    /// 'revup data prepare dense'.
    /// </summary>
    SegmentationFolder,

    /// <summary>Images with masks: train/FILE and trainannot/FILE.png, and val, test.</summary>
    MaskFolder,

    /// <summary>Seeded heads with lesions of three classes, images or volumes, without files.</summary>
    Lesions,

    /// <summary>Datasets that the caller passes to <see cref="Runs.TrainingRun"/>.</summary>
    Custom,
}
