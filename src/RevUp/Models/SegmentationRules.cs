using RevUp.Layers;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Models;

/// <summary>Settings that a U-Net needs, and extents that it can take.</summary>
internal static class SegmentationRules
{
    /// <summary>
    /// Throws when a setting does not fit <see cref="ModelTask.Segmentation"/>, or a setting of it
    /// is there without the task.
    /// </summary>
    /// <exception cref="ConfigurationException">Names the value and the fix.</exception>
    public static void Validate(ModelSettings model)
    {
        for (int i = 0; i < model.Stages.Count; i++)
        {
            int blocks = model.Stages[i].DecoderBlocks;
            ConfigurationException.Require(
                blocks is >= 0 and <= 100_000,
                $"model.stages.{i}.decoderBlocks is {blocks}; use 1 to 100000, or 0 for 1");
            ConfigurationException.Require(
                blocks == 0 || model.Task == ModelTask.Segmentation,
                $"model.stages.{i}.decoderBlocks is {blocks}, and model.task '{ModelSettings.Name(model.Task)}' has no "
                + $"decoder; use 'segmentation', or leave it out");
            ConfigurationException.Require(
                blocks == 0 || i < model.Stages.Count - 1,
                $"model.stages.{i}.decoderBlocks is {blocks}, and the coarsest stage has no decoder; leave it out "
                + $"there");
        }
        ConfigurationException.Require(
            model.Task == ModelTask.Segmentation || model.Normalization != Normalization.InstanceNorm,
            $"model.normalization is 'instanceNorm', which only model.task 'segmentation' has; use 'batchNorm' or "
            + $"'fixup'");
        if (model.Task != ModelTask.Segmentation)
        {
            return;
        }
        ConfigurationException.Require(
            !model.TestTimeFlip,
            $"model.testTimeFlip is true, and model.task 'segmentation' has no mean of two answers; leave it out");
        ConfigurationException.Require(
            model.Block != BlockKind.Coupling,
            $"model.block is 'coupling', which has no U-Net here; use 'invertible' or 'residual' with model.task "
            + $"'segmentation'");
        ConfigurationException.Require(
            model.Downsampling == Downsampling.Strided,
            $"model.downsampling is '{ModelSettings.Name(model.Downsampling)}', and model.task 'segmentation' comes "
            + $"back up from strided transitions only; use 'strided'");
        ConfigurationException.Require(
            model.Stem != StemKind.ImageNet && model.StemStride == 1,
            $"the stem of model.task 'segmentation' must keep the extents, so that every position gets its logits; use "
            + $"model.stem 'convolution', 'whitened' or 'pad' and model.stemStride 1");
        ConfigurationException.Require(
            model.Normalization is Normalization.Fixup or Normalization.InstanceNorm,
            $"model.normalization is '{ModelSettings.Name(model.Normalization)}', and model.task 'segmentation' takes "
            + $"'fixup' or 'instanceNorm'");
    }

    /// <summary>
    /// Throws when an extent of a sample is no multiple of the product of its axis' strides, or
    /// leaves instance normalisation a single position.
    /// </summary>
    /// <exception cref="ConfigurationException">Names the extents and their multiples.</exception>
    public static void RequireExtents(ModelSettings model, Shape sample)
    {
        int[] multiples = [.. Enumerable.Range(0, sample.SpatialRank).Select(
            axis => Enumerable.Range(1, model.Stages.Count - 1).Aggregate(
                1, (product, stage) => product * TransitionRules.Stride(model, stage, sample.SpatialRank)[axis]))];
        string text = multiples.Distinct().Count() == 1 ? $"{multiples[0]}" : $"[{string.Join(", ", multiples)}]";
        ConfigurationException.Require(
            multiples.Index().All(entry => sample.Extent(entry.Index) % entry.Item == 0),
            $"a sample is {sample}, and the {model.Stages.Count} stages of model.task 'segmentation' need extents that "
            + $"are multiples of {text}; pad to them, or use fewer stages");
        ConfigurationException.Require(
            model.Normalization != Normalization.InstanceNorm
            || multiples.Index().Any(entry => sample.Extent(entry.Index) > entry.Item),
            $"a sample is {sample}, a single position at the coarsest of {model.Stages.Count} stages, of which "
            + $"model.normalization 'instanceNorm' leaves only the bias; use larger samples or fewer stages");
    }
}
