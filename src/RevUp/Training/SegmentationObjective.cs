using RevUp.Backends;
using RevUp.Data;
using RevUp.Models;
using RevUp.Tensors;

namespace RevUp.Training;

/// <summary>
/// Weighted mean cross-entropy plus Dice of logits [N, (D), H, W, classes] with one label per
/// position, [N, (D), H, W]; the measure is the share of the counted positions that are right.
/// </summary>
internal sealed class SegmentationObjective : Objective
{
    private readonly VoxelLoss _loss;
    private readonly Tensor _classWeights;

    /// <inheritdoc cref="Objective.Of"/>
    public SegmentationObjective(RevUpNet net, TrainingSettings settings)
        : base(net)
    {
        ConfigurationException.Require(
            !settings.BalanceClasses,
            $"training.balanceClasses is true, and a step does not know how often each class occurs; give it "
            + $"training.classWeights instead");
        int count = settings.ClassWeights.Count;
        ConfigurationException.Require(
            count == 0 || count == net.Classes,
            $"training.classWeights has {count} numbers, and the network has {net.Classes} classes; give one for each");
        DiceSettings dice = settings.Dice;
        _loss = new VoxelLoss(
            dice.Weight, DiceSettings.Smoothing, dice.Background ? 0 : 1, dice.Sums == DiceSums.Sample ? 1 : 0);
        if (count > 0)
        {
            _classWeights = Own(new Shape(count), ElementType.Float32, MemoryPurpose.Workspace);
            net.Backend.Upload<float>([.. settings.ClassWeights.Select(weight => (float)weight)], _classWeights);
        }
    }

    public override ElementType TargetType => ElementType.UInt16;

    protected override (string Targets, string Number) Words =>
        ("labels", $"{Net.Sample.Positions} labels of positions each");

    public override Shape Targets(int batch)
    {
        Span<int> extents = stackalloc int[Net.Sample.Rank - 1];
        extents[0] = batch;
        for (int axis = 0; axis < Net.Sample.SpatialRank; axis++)
        {
            extents[axis + 1] = Net.Sample.Extent(axis);
        }
        return new Shape(extents);
    }

    public override void Differentiate(Tensor output, Tensor targets, Tensor losses)
    {
        (int batch, int classes) = (output.Shape.Batch, output.Shape.Channels);
        Arena memory = Net.Backend.Memory;
        Tensor totals = memory.Allocate(new Shape(batch, 4), ElementType.Float64, MemoryPurpose.Workspace);
        Shape perClass = new(batch, 3, classes);
        Tensor overlaps = memory.Allocate(perClass, ElementType.Float64, MemoryPurpose.Workspace);
        Tensor factors = memory.Allocate(perClass, ElementType.Float32, MemoryPurpose.Workspace);
        Net.Backend.SegmentationSums(output, targets, _classWeights, totals, overlaps);
        Net.Backend.SegmentationFactors(_loss, _classWeights, totals, overlaps, factors, losses);
        Net.Backend.SegmentationGradient(output, targets, factors, output);
        memory.Free(factors);
        memory.Free(overlaps);
        memory.Free(totals);
    }

    protected override void RequireType<T>()
    {
        if (typeof(T) != typeof(ushort))
        {
            throw WrongTargets("targets", "segmentation", "ReadOnlySpan<ushort> labels, [N, (D), H, W]");
        }
    }

    protected override void RequireValid<T>(ReadOnlySpan<T> targets)
    {
        ReadOnlySpan<ushort> labels = MemoryMarshal.Cast<T, ushort>(targets);
        int place = labels.IndexOfAnyInRange((ushort)Net.Classes, (ushort)(VoxelLabels.Ignored - 1));
        if (place >= 0)
        {
            throw new ArgumentException(
                $"labels[{place}], position {place % Net.Sample.Positions} of sample {place / Net.Sample.Positions}, "
                + $"is {labels[place]}, and the network has {Net.Classes} classes; use 0 to {Net.Classes - 1}, or "
                + $"{nameof(VoxelLabels)}.{nameof(VoxelLabels.Ignored)} where there is no label.",
                Words.Targets);
        }
    }
}
