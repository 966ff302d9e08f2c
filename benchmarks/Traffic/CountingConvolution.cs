using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Benchmarks.Traffic;

/// <summary>
/// A plan of another backend whose passes are counted: input, output and weights once each.
/// </summary>
internal sealed class CountingConvolution(
    ConvolutionPlan plan, OperationCounter counter) : ConvolutionPlan(plan.Geometry)
{
    // Every output sees every weight of its group once, with a multiplication and an addition;
    // padding counts as well.
    private readonly double _operations =
        2.0 * plan.Geometry.Output.Count * plan.Geometry.Weights.Count / plan.Geometry.OutputChannels;
    private readonly Shape _weights = plan.Geometry.Weights;

    public override long PackedBytes => plan.PackedBytes;

    public override bool TakesPlainWeights => plan.TakesPlainWeights;

    public override bool TakesCopies => plan.TakesCopies;

    public override void Pack(Tensor weights, Tensor scale, Tensor packed) =>
        counter.Count("pack weights", () => plan.Pack(weights, scale, packed), [weights, packed]);

    public override void Forward(Tensor x, Tensor packed, Tensor y) =>
        Pass("fprop", () => plan.Forward(x, packed, y), x, y, packed);

    public override void BackwardData(Tensor dy, Tensor packed, Tensor dx) =>
        Pass("dgrad", () => plan.BackwardData(dy, packed, dx), dy, dx, packed);

    public override void BackwardWeights(Tensor x, Tensor dy, Tensor dw) =>
        Pass("wgrad", () => plan.BackwardWeights(x, dy, dw), x, dy, dw);

    // Packed weights have several layouts in one buffer, of which a pass reads one: the weights'
    // own shape is what it moves.
    private void Pass(string name, Action work, Tensor input, Tensor output, Tensor weights)
    {
        ElementType type = name == "wgrad" ? weights.Type : ElementType.Float32;
        Tensor once = new(weights.Address, type, _weights);
        counter.CountPass(name, Geometry, work, [input, output, once], _operations);
    }
}
