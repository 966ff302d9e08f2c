using RevUp.Data.Dense;
using RevUp.Tensors;

namespace RevUp.Data;

/// <summary>
/// How samples are changed at random, and framed. The defaults change nothing. Each augmentation
/// draws numbers of its own, so that one more changes no other.
/// </summary>
/// <remarks>
/// Order: frame, colour, pad-crop and flip, normalise, cutout; then, on whole batches, label
/// smoothing and mixup or CutMix.
/// </remarks>
public sealed record Augmentation
{
    /// <summary>
    /// Black pixels added on every side before a random crop back to the image's size; 0 for none.
    /// </summary>
    public int Padding { get; init; }

    /// <summary>Whether every second sample on average is mirrored left-right.</summary>
    public bool Flip { get; init; }

    /// <summary>
    /// Whether <see cref="Flip"/> mirrors a sample left-right in every second epoch, and half of
    /// the samples in each (arXiv 2404.00498), instead of a draw in each epoch.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool AlternatingFlip { get; init; }

    /// <summary>
    /// Whether <see cref="Flip"/> mirrors every axis of a volume by a coin of its own, and not W
    /// alone.
    /// </summary>
    [JsonIgnore]
    public bool FlipEveryAxis { get; init; }

    /// <summary>
    /// Whether a volume that is larger than the sample is cut at a random place, and not around its
    /// centre.
    /// </summary>
    [JsonIgnore]
    public bool RandomPlace { get; init; }

    /// <summary>
    /// A random part of the image scaled to the sample's size; null for none. Only for images with
    /// sizes of their own.
    /// </summary>
    public ResizedCropSettings? RandomResizedCrop { get; init; }

    /// <summary>
    /// Length of the image's shorter side before the sample is cut from its centre; 0 scales the
    /// whole image to the sample's size, whatever its proportions. Without effect under
    /// <see cref="RandomResizedCrop"/>, and on images that have one size.
    /// </summary>
    [JsonPropertyName("evaluationResize")]
    public int Resize { get; init; }

    /// <summary>Brightness, contrast, saturation and hue; null for none.</summary>
    public ColorJitterSettings? ColorJitter { get; init; }

    /// <summary>
    /// Rotation, scale and changes of values of patches with label maps; null for none.
    /// </summary>
    [JsonPropertyName("patchAugmentation")]
    public PatchAugmentation? Patch { get; init; }

    /// <summary>
    /// Side of a square set to the mean, centred anywhere on the image and clipped there (arXiv
    /// 1708.04552); 0 for none.
    /// </summary>
    public int Cutout { get; init; }

    /// <summary>
    /// α of mixup (arXiv 1710.09412): x = λ·x₁ + (1 − λ)·x₂, and the targets alike, λ ~ Beta(α, α)
    /// for each batch; 0 for none.
    /// </summary>
    public double Mixup { get; init; }

    /// <summary>
    /// α of CutMix (arXiv 1905.04899): a box from another image, λ ~ Beta(α, α) the area kept; 0
    /// for none. With mixup, a fair coin decides.
    /// </summary>
    public double CutMix { get; init; }

    /// <summary>
    /// ε in the targets (1 − ε) · onehot + ε / K (arXiv 1512.00567), in [0, 1). Recipes have it in
    /// "training".
    /// </summary>
    [JsonIgnore]
    public double LabelSmoothing { get; init; }

    /// <summary>Throws when a value is outside its range.</summary>
    /// <exception cref="ConfigurationException">
    /// Names the value, by its path in a recipe, and the range.
    /// </exception>
    public void Validate()
    {
        ConfigurationException.Require(Padding is >= 0 and <= 1024, $"data.padding is {Padding}; use 0 to 1024");
        ConfigurationException.Require(
            Resize is >= 0 and <= 65_536,
            $"data.evaluationResize is {Resize}; use a length in pixels, or 0 for the whole image");
        ConfigurationException.Require(
            Cutout is >= 0 and <= 65_536,
            $"data.cutout is {Cutout}; use the side of a square in pixels, or 0 for none");
        ConfigurationException.Require(
            Mixup is 0 or (>= 0.01 and <= 100), $"data.mixup is {Mixup}; use an α of 0.01 to 100, or 0 for none");
        ConfigurationException.Require(
            CutMix is 0 or (>= 0.01 and <= 100), $"data.cutMix is {CutMix}; use an α of 0.01 to 100, or 0 for none");
        ConfigurationException.Require(
            LabelSmoothing is >= 0 and < 1, $"training.labelSmoothing is {LabelSmoothing}; use 0 to less than 1");
        ConfigurationException.Require(
            Flip || !AlternatingFlip,
            $"data.alternatingFlip is true and data.flip false; set data.flip=true too");
        RandomResizedCrop?.Validate();
        ColorJitter?.Validate();
        Patch?.Validate();
    }

    /// <summary>
    /// Whether some of it changes the pixels of images only where they are normalised, on the
    /// device.
    /// </summary>
    internal bool ChangesOnDevice => Cutout > 0 || Mixup > 0 || CutMix > 0;

    /// <summary>The part for an evaluation: framing, and nothing at random.</summary>
    internal Augmentation ForEvaluation => new() { Resize = Resize };

    /// <summary>Throws when these do not suit a dataset's samples.</summary>
    internal void RequireFits(ImageDataset dataset)
    {
        Shape sample = dataset.Sample;
        RequireFitsLabelMaps(dataset.HasLabelMaps);
        bool image = sample.SpatialRank == 2;
        ConfigurationException.Require(
            image || Padding == 0, $"data.padding is {Padding}, but random crops of volumes are not available; use 0");
        ConfigurationException.Require(
            image || Cutout == 0, $"data.cutout is {Cutout}, but cutout is not available for volumes; use 0");
        ConfigurationException.Require(
            image || CutMix == 0, $"data.cutMix is {CutMix}, but CutMix is not available for volumes; use data.mixup");
        ConfigurationException.Require(
            image || ColorJitter is null,
            $"data.colorJitter is set, but it is not available for volumes; leave it out");
        ConfigurationException.Require(
            ColorJitter is null || sample.Channels is 1 or 3,
            $"data.colorJitter is set, but the images have {sample.Channels} channels; it works on grey and RGB "
            + $"images, so leave it out");
        ConfigurationException.Require(
            RandomResizedCrop is null || dataset.HasOwnSizes,
            $"data.randomResizedCrop is set, but all samples of this dataset have the size {sample}; use data.padding "
            + $"for random crops");
        int smaller = Enumerable.Range(0, sample.SpatialRank).Min(sample.Extent);
        ConfigurationException.Require(
            Padding < smaller,
            $"data.padding is {Padding}; it must be 0 to {smaller - 1}, less than the image's smaller side");
        int larger = Enumerable.Range(0, sample.SpatialRank).Max(sample.Extent);
        ConfigurationException.Require(
            Resize == 0 || Resize >= larger || !dataset.HasOwnSizes,
            $"data.evaluationResize is {Resize}, and samples {sample} cannot be cut from that; use at least {larger}, "
            + $"or 0 for the whole image");
    }

    private void RequireFitsLabelMaps(bool hasLabelMaps)
    {
        ConfigurationException.Require(
            hasLabelMaps || Patch is null,
            $"data.patchAugmentation is set, but it is for data with label maps; leave it out");
        (string Name, bool IsSet)[] others =
        [
            ("padding", Padding > 0), ("cutout", Cutout > 0), ("mixup", Mixup > 0), ("cutMix", CutMix > 0),
            ("colorJitter", ColorJitter is not null), ("randomResizedCrop", RandomResizedCrop is not null),
        ];
        foreach ((string name, bool isSet) in others)
        {
            ConfigurationException.Require(
                !hasLabelMaps || !isSet,
                $"data.{name} is set, but it would not change the label maps; use data.patchAugmentation");
        }
        ConfigurationException.Require(
            !hasLabelMaps || LabelSmoothing == 0,
            $"training.labelSmoothing is {LabelSmoothing}, but data with label maps has no soft targets; use 0");
    }
}
