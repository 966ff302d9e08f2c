using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// p = φ(x + a) + b with trained scalars a and b, "<c>name</c>a" and "<c>name</c>b" (Fixup, arXiv
/// 1901.09321, section 4).
/// </summary>
internal sealed class ScalarPreactivation(
    string name, Backend backend, ParameterStore store, int channels, Activation activation)
    : Preactivation(backend, channels, activation)
{
    private readonly Parameter _before = store.Add(
        name + "a", new Shape(1), ParameterGroup.Scalars, Initialization.Constant(0));
    private readonly Parameter _after = store.Add(
        name + "b", new Shape(1), ParameterGroup.Scalars, Initialization.Constant(0));

    /// <inheritdoc/>
    public override bool IsLocal => true;

    /// <inheritdoc/>
    public override bool IsFusible => Activation != Activation.MaxMin;

    /// <inheritdoc/>
    public override ScalarActivation Scalars =>
        new(Activation, _before.Value, _after.Value, _before.Gradient, _after.Gradient);

    /// <inheritdoc/>
    public override void Forward(Tensor x, bool measure, Tensor p) =>
        Backend.PreactivationForward(Activation, x, _before.Value, _after.Value, p);

    /// <inheritdoc/>
    public override void Backward(Tensor x, Tensor dp, Tensor scale, Tensor residual, Tensor dx) =>
        Backend.PreactivationBackward(
            Activation, x, _before.Value, dp, scale, residual, dx, _before.Gradient, _after.Gradient);

    /// <inheritdoc/>
    public override void BackwardFromResult(
        Tensor p, Tensor dp, Tensor scale, Tensor residual, Tensor dx, Tensor narrow) =>
        Backend.PreactivationGradient(
            Activation, p, _after.Value, dp, scale, residual, dx, narrow, _before.Gradient, _after.Gradient);

    /// <inheritdoc/>
    public override void ForwardOfSum(Tensor x, Tensor z, Tensor s, Tensor y, Tensor p) =>
        Backend.ResidualAddAhead(x, z, s, y, Activation, _before.Value, _after.Value, p);

    /// <inheritdoc/>
    public override void ForwardOfStep(
        Tensor y, Tensor z, Tensor s, Tensor x, Tensor next, Tensor statistics, Tensor p) =>
        Backend.FixedPointStepAhead(
            y, z, s, x, next, statistics, Activation, _before.Value, _after.Value, p);

    /// <inheritdoc/>
    internal override string Export(OnnxGraph graph, int spatialRank, string x)
    {
        string shifted = graph.Node("Add", _before.Name, [x, graph.Tensor(_before.Name, _before.Value)]);
        string activated = graph.Activation(Activation, _before.Name, Channels, spatialRank, shifted);
        return graph.Node("Add", _after.Name, [activated, graph.Tensor(_after.Name, _after.Value)]);
    }
}
