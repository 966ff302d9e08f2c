using RevUp.Backends;
using RevUp.Data;
using RevUp.Layers;
using RevUp.Models;
using RevUp.Tensors;

namespace RevUp.Training;

/// <summary>
/// Weighted mean cross-entropy plus Dice of logits [N, (D), H, W, classes] with one label per
/// position, [N, (D), H, W]; the measure is the share of the counted positions that are right.
/// </summary>
internal sealed class SegmentationObjective : Objective, ISlabLoss
{
    private readonly VoxelLoss _loss;
    private readonly Arena _memory;
    private readonly VoxelHead _head;
    private readonly Tensor _classWeights;
    private Tensor _labels;
    private Tensor _totals;
    private Tensor _overlaps;
    private Tensor _factors;

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
        (_memory, _head) = (net.Backend.Memory, (VoxelHead)net.Layers[^1]);
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

    public override void Begin(Tensor targets)
    {
        _labels = targets;
        _head.Loss = this;
    }

    public override void Differentiate(Tensor output, Tensor targets, Tensor losses)
    {
        if (!output.IsEmpty)
        {
            Add(0, output, targets);
        }
        _factors = _memory.Allocate(_overlaps.Shape, ElementType.Float32, MemoryPurpose.Workspace);
        Net.Backend.SegmentationFactors(_loss, _classWeights, _totals, _overlaps, _factors, losses);
        _memory.Free(_overlaps);
        _memory.Free(_totals);
        if (!output.IsEmpty)
        {
            Net.Backend.SegmentationGradient(output, targets, _factors, output);
            _memory.Free(_factors);
        }
    }

    public override void End()
    {
        _head.Loss = null;
        foreach (Tensor tensor in (ReadOnlySpan<Tensor>)[_totals, _overlaps, _factors])
        {
            _memory.TryFree(tensor);
        }
        (_totals, _overlaps, _factors, _labels) = (default, default, default, default);
    }

    void ISlabLoss.Add(int index, Planes logits) => Add(index, logits.Tensor, Labels(index, logits));

    void ISlabLoss.Differentiate(int index, Planes logits) => Net.Backend.SegmentationGradient(
        logits.Tensor, Labels(index, logits), Samples(_factors, index, count: 1), logits.Tensor);

    void ISlabLoss.End() => _memory.Free(_factors);

    // Adds the sums of some samples, or of a part of one.
    private void Add(int first, Tensor logits, Tensor labels)
    {
        if (_totals.IsEmpty)
        {
            int batch = _labels.Shape[0];
            _totals = Zeros(new Shape(batch, 4));
            _overlaps = Zeros(new Shape(batch, 3, Net.Classes));
        }
        int count = logits.Shape.Batch;
        Net.Backend.SegmentationSums(
            logits, labels, _classWeights, Samples(_totals, first, count), Samples(_overlaps, first, count));
    }

    private Tensor Zeros(Shape shape)
    {
        Tensor sums = _memory.Allocate(shape, ElementType.Float64, MemoryPurpose.Workspace);
        Net.Backend.Fill(sums.AsFloats(), 0);
        return sums;
    }

    private Tensor Labels(int index, Planes logits) => Planes.Of(_labels, index)[logits.Run];

    private static Tensor Samples(Tensor tensor, int first, int count) =>
        tensor.Slice(first * (tensor.Count / tensor.Shape[0]), tensor.Shape.WithBatch(count));

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
