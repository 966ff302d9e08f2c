using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// Passes with the operation behind them (<see cref="ConvolutionPlan"/>), for the prepared batch.
/// </summary>
public sealed partial class Convolution
{
    /// <summary>Whether the plan does both at once.</summary>
    internal bool Fuses(ConvolutionFusion fusion) => (_plan ??= Backend.Convolution(_geometry)).Fuses(fusion);

    /// <inheritdoc cref="ConvolutionPlan.ForwardAdd"/>
    internal void ForwardAdd(Tensor p, Tensor x, Tensor s, Tensor y, in ScalarActivation reader, Tensor ahead)
    {
        ConvolutionPlan plan = PlanFor(p);
        plan.ForwardAdd(p, PackedFor(plan), x, s, y, reader, ahead);
    }

    /// <inheritdoc cref="ConvolutionPlan.ForwardStep"/>
    internal void ForwardStep(
        Tensor p, Tensor y, Tensor s, Tensor x, Tensor next, Tensor statistics, in ScalarActivation reader,
        Tensor ahead)
    {
        ConvolutionPlan plan = PlanFor(p);
        plan.ForwardStep(p, PackedFor(plan), y, s, x, next, statistics, reader, ahead);
    }

    /// <summary>
    /// <see cref="ConvolutionPlan.ForwardActivated"/> into a new tensor; p stays.
    /// </summary>
    internal Tensor ForwardActivated(Tensor p, in ScalarActivation activation)
    {
        ConvolutionPlan plan = PlanFor(p);
        Tensor packed = PackedFor(plan);
        Tensor y = Backend.Memory.Allocate(plan.Geometry.Output, _sample.Type, MemoryPurpose.Activations);
        plan.ForwardActivated(p, packed, activation, y);
        return y;
    }

    /// <inheritdoc cref="ConvolutionPlan.BackwardActivated"/>
    internal void BackwardActivated(
        Tensor dy, in ScalarActivation activation, Tensor p, Tensor scale, Tensor residual, Tensor dx, Tensor narrow)
    {
        ConvolutionPlan plan = PlanFor(dy);
        plan.BackwardActivated(dy, PackedFor(plan), activation, p, scale, residual, dx, narrow);
    }
}
