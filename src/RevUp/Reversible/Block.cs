using RevUp.Backends;
using RevUp.Layers;
using RevUp.Tensors;

namespace RevUp.Reversible;

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
