using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>How the blocks of a network compute y from x, and so what can be had back from y.</summary>
public enum BlockKind
{
    /// <summary>y = x + F(x) with Lip(F) &lt; 1: inverted by fixed-point iteration (RevUp, i-ResNet).</summary>
    Invertible,

    /// <summary>y = x + F(x) without a bound: no inverse (ResNet, Fixup ResNet).</summary>
    Residual,

    /// <summary>y₁ = x₁ + F(x₂), y₂ = x₂ + G(y₁) on the halves of the channels: inverted by subtraction (RevNet).</summary>
    Coupling,
}

/// <summary>A layer of residual branches, whose input costs memory or work to have back: it follows the memory policy. y has the shape of x.</summary>
/// <param name="name">Name; parameters take it as prefix.</param>
/// <param name="index">Position among the network's blocks.</param>
/// <param name="backend">The device.</param>
/// <param name="input">Shape of one sample.</param>
public abstract class Block(string name, int index, Backend backend, Shape input) : Layer(name, backend, input)
{
    /// <summary>Position among the network's blocks.</summary>
    public int Index { get; } = index;

    /// <inheritdoc/>
    public override Shape Output => Input;
}
