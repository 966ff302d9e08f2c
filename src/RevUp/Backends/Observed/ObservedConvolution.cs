using RevUp.Tensors;

namespace RevUp.Backends.Observed;

/// <summary>
/// A plan of another backend whose passes an observer hears of: input, output and weights once
/// each.
/// </summary>
internal sealed class ObservedConvolution(
    ConvolutionPlan plan, OperationObserver observer) : ConvolutionPlan(plan.Geometry)
{
    // Every output sees every weight of its group once, with a multiplication and an addition;
    // padding counts as well.
    private readonly double _products =
        2.0 * plan.Geometry.Output.Count * plan.Geometry.Weights.Count / plan.Geometry.OutputChannels;
    private readonly Shape _weights = plan.Geometry.Weights;

    public override long PackedBytes => plan.PackedBytes;

    public override bool TakesPlainWeights => plan.TakesPlainWeights;

    public override bool TakesCopies => plan.TakesCopies;

    public override void Pack(Tensor weights, Tensor scale, Tensor packed)
    {
        observer.Begin("pack weights", [weights, packed]);
        plan.Pack(weights, scale, packed);
        observer.End();
    }

    public override void Forward(Tensor x, Tensor packed, Tensor y)
    {
        Begin("fprop", x, y, packed);
        plan.Forward(x, packed, y);
        observer.End();
    }

    public override void BackwardData(Tensor dy, Tensor packed, Tensor dx)
    {
        Begin("dgrad", dy, dx, packed);
        plan.BackwardData(dy, packed, dx);
        observer.End();
    }

    public override void BackwardWeights(Tensor x, Tensor dy, Tensor dw)
    {
        Begin("wgrad", x, dy, dw);
        plan.BackwardWeights(x, dy, dw);
        observer.End();
    }

    // Packed weights have several layouts in one buffer, of which a pass reads one: the weights'
    // own shape is what it moves.
    private void Begin(string pass, Tensor input, Tensor output, Tensor weights)
    {
        ElementType type = pass == "wgrad" ? weights.Type : ElementType.Float32;
        Tensor once = new(weights.Address, type, _weights);
        observer.BeginPass(pass, Geometry, [input, output, once], _products);
    }
}
