using RevUp.Tensors;

namespace RevUp.Distributed;

/// <summary>A piece of the gradients that ranks sum at once.</summary>
/// <param name="Gradients">Flat, float32.</param>
/// <param name="Layer">Position of the layer whose backward pass completes it.</param>
internal readonly record struct GradientBucket(Tensor Gradients, int Layer);
