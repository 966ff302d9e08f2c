namespace RevUp.Data;

/// <summary>
/// Facts that the files of Fashion-MNIST (arXiv 1708.07747) leave out: 60 000 + 10 000 grey images
/// of 28 × 28 in ten classes.
/// </summary>
internal static class FashionMnist
{
    /// <summary>Where the Debian package dataset-fashion-mnist puts its files.</summary>
    public const string DefaultFolder = "/usr/share/datasets/fashion-mnist";

    internal const string HowToGet =
        "Fashion-MNIST is the Debian package dataset-fashion-mnist (apt-get install dataset-fashion-mnist), with its "
        + $"files under {DefaultFolder}.";

    /// <summary>The ten classes, in the order of their labels.</summary>
    public static IReadOnlyList<string> ClassNames { get; } =
        ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];
}
