using RevUp.Tensors;

namespace RevUp.Backends;

/// <summary>
/// φ(t + a) + b of scalars, which a convolution applies to its results or to the stream; the
/// default is none.
/// </summary>
/// <param name="Function">φ; not MaxMin.</param>
/// <param name="A">a, a scalar.</param>
/// <param name="B">b, a scalar.</param>
/// <param name="GradientA">Where the gradient of a is added; may be empty.</param>
/// <param name="GradientB">Where the gradient of b is added; may be empty.</param>
internal readonly record struct ScalarActivation(
    Activation Function, Tensor A, Tensor B, Tensor GradientA = default, Tensor GradientB = default);
