using RevUp.Backends;
using RevUp.Layers;
using RevUp.Tensors;

namespace RevUp.Reversible;

/// <summary>
/// The place of a <see cref="Branch"/> in its network: what it may read, and where it declares its
/// parts.
/// </summary>
public sealed class BranchSite
{
    private readonly List<Convolution> _convolutions = [];
    private bool _closed;

    internal BranchSite(
        string name,
        int index,
        Backend backend,
        ParameterStore store,
        Shape input,
        int width,
        BranchSettings settings)
    {
        (Name, Index, Backend, Input, Width) = (name, index, backend, input, width);
        (Store, Settings) = (store, settings);
    }

    /// <summary>
    /// Name of the block, such as "stages.0.blocks.3"; parameters take it as prefix.
    /// </summary>
    public string Name { get; }

    /// <summary>Position among the network's blocks, from 0.</summary>
    public int Index { get; }

    /// <summary>Number of residual branches of the network.</summary>
    public int Count => Settings.BranchCount;

    /// <summary>The device.</summary>
    public Backend Backend { get; }

    /// <summary>Shape of one sample of x: [1, (D), H, W, C].</summary>
    public Shape Input { get; }

    /// <summary>Channels inside the branch, as the recipe's stage has them.</summary>
    public int Width { get; }

    /// <summary>φ of the recipe.</summary>
    public Activation Activation => Settings.Activation;

    internal ParameterStore Store { get; }

    internal BranchSettings Settings { get; }

    internal IReadOnlyList<Convolution> Convolutions => _convolutions;

    internal Convolution AddConvolution(
        string name, Shape input, int channels, int kernel, int groups, double deviation)
    {
        RequireOpen();
        ConvolutionGeometry geometry = new(
            input, channels, kernel, Stride: 1, Padding: kernel / 2, groups, ElementType.Float32, Settings.Tf32);
        Initialization initialization = deviation < 0
            ? Initialization.He(geometry.Weights)
            : Initialization.Normal(deviation);
        Convolution convolution = new($"{Name}.{name}", Backend, Store, geometry, initialization);
        _convolutions.Add(convolution);
        return convolution;
    }

    internal Parameter AddParameter(string name, Shape shape, double mean, double deviation)
    {
        RequireOpen();
        ParameterGroup group = shape.Count == 1 ? ParameterGroup.Scalars : ParameterGroup.Weights;
        return Store.Add($"{Name}.{name}", shape, group, new Initialization(mean, deviation));
    }

    /// <summary>Ends the declarations: the buffers of parameters are laid out once.</summary>
    internal void Close() => _closed = true;

    private void RequireOpen()
    {
        if (_closed)
        {
            throw new InvalidOperationException(
                $"The branch '{Name}' declares a part behind its constructor; declare all parts in the constructor.");
        }
    }
}
