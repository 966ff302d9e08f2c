using RevUp.Tensors;

namespace RevUp.Backends;

/// <summary>
/// How batch normalisation treats every channel: y = φ(n·weight + bias), n = (x − mean) / √(variance + ε). All tensors [C], float32.
/// </summary>
/// <param name="Mean">Of the batch or running; empty, with <paramref name="Variance"/>, where nothing is normalised: n = x.</param>
/// <param name="Variance">Biased.</param>
/// <param name="Epsilon">ε, positive.</param>
/// <param name="Weight">Trained; empty for 1.</param>
/// <param name="Bias">Trained.</param>
public readonly record struct BatchNormChannels(Tensor Mean, Tensor Variance, float Epsilon, Tensor Weight, Tensor Bias);
