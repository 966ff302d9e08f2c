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

    public override bool Fuses(ConvolutionFusion fusion) => plan.Fuses(fusion);

    public override void ForwardAdd(
        Tensor p, Tensor packed, Tensor x, Tensor s, Tensor y, in ScalarActivation reader, Tensor ahead)
    {
        observer.BeginPass("fprop, residual add", Geometry, [p, y, Once(packed), x, ahead], _products);
        plan.ForwardAdd(p, packed, x, s, y, reader, ahead);
        observer.End();
    }

    public override void ForwardStep(
        Tensor p, Tensor packed, Tensor y, Tensor s, Tensor x, Tensor next, Tensor statistics,
        in ScalarActivation reader, Tensor ahead)
    {
        observer.BeginPass("fprop, fixed-point step", Geometry, [p, next, Once(packed), y, x, ahead], _products);
        plan.ForwardStep(p, packed, y, s, x, next, statistics, reader, ahead);
        observer.End();
    }

    public override void ForwardActivated(Tensor p, Tensor packed, in ScalarActivation activation, Tensor y)
    {
        observer.BeginPass("fprop, preactivation", Geometry, [p, y, Once(packed)], _products);
        plan.ForwardActivated(p, packed, activation, y);
        observer.End();
    }

    public override void BackwardActivated(
        Tensor dy, Tensor packed, in ScalarActivation activation, Tensor p, Tensor scale, Tensor residual, Tensor dx,
        Tensor narrow)
    {
        observer.BeginPass(
            "dgrad, preactivation gradient", Geometry, [dy, dx, Once(packed), p, residual, narrow], _products);
        plan.BackwardActivated(dy, packed, activation, p, scale, residual, dx, narrow);
        observer.End();
    }

    // Packed weights have several layouts in one buffer, of which a pass reads one: the weights'
    // own shape is what it moves.
    private void Begin(string pass, Tensor input, Tensor output, Tensor weights)
    {
        ElementType type = pass == "wgrad" ? weights.Type : ElementType.Float32;
        observer.BeginPass(pass, Geometry, [input, output, Once(weights, type)], _products);
    }

    private Tensor Once(Tensor weights, ElementType type = ElementType.Float32) => new(weights.Address, type, _weights);
}
