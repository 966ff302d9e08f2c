using RevUp.Tensors;

namespace RevUp.Backends;

/// <summary>
/// Operands of <see cref="Backend.BranchScaleForward(BranchBound, Tensor, Tensor, Tensor, Tensor,
/// Tensor)"/> and of its backward pass, for one branch with m convolutions.
/// </summary>
/// <param name="Mode">How the bound is held.</param>
/// <param name="Coefficient">c, a scalar.</param>
/// <param name="Multiplier">s, a scalar.</param>
/// <param name="Sigmas">σ, [m].</param>
/// <param name="Scales">The factors, [2m + 1] (<see cref="BranchScale"/>).</param>
/// <param name="Bound">|s|·∏σ, float64; may be empty.</param>
/// <param name="Dots">⟨wgrad, W⟩, float64 [m].</param>
/// <param name="MultiplierGradient">A scalar, which is added to.</param>
/// <param name="SigmaGradients">[m].</param>
internal readonly record struct BranchOperands(
    BranchBound Mode, Tensor Coefficient, Tensor Multiplier, Tensor Sigmas, Tensor Scales, Tensor Bound, Tensor Dots,
    Tensor MultiplierGradient, Tensor SigmaGradients) : IOperands
{
    /// <inheritdoc/>
    public static int Words => 10;

    /// <summary>None: a thread owns a branch.</summary>
    public static int Products => 0;

    /// <inheritdoc/>
    public long Parts(int product) => 1;

    /// <inheritdoc/>
    public void Write(Span<long> words)
    {
        ReadOnlySpan<long> values =
        [
            (long)Mode, Sigmas.Count, Coefficient.Address, Multiplier.Address, Sigmas.Address, Scales.Address,
            Bound.Address, Dots.Address, MultiplierGradient.Address, SigmaGradients.Address,
        ];
        values.CopyTo(words);
    }
}
