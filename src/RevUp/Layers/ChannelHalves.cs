using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// Goes between channels-last, [N, (D), H, W, 2C], and the layout of coupling blocks, the same
/// elements as two tensors [N, (D), H, W, C] one after the other: once before and once after the
/// blocks of a stage, which then copy nothing. A permutation: its inverse is exact, and also its
/// gradient. Keeps nothing.
/// </summary>
internal sealed class ChannelHalves : Layer
{
    private readonly bool _split;

    /// <param name="name">Name.</param>
    /// <param name="backend">The device.</param>
    /// <param name="input">Shape of one sample, 2C channels.</param>
    /// <param name="split">Into halves, or back.</param>
    /// <exception cref="ConfigurationException">
    /// The channels are odd in number, or the second half of a batch would not be aligned.
    /// </exception>
    public ChannelHalves(string name, Backend backend, Shape input, bool split)
        : base(name, backend, input)
    {
        const int elements = Arena.Alignment / sizeof(float);
        ConfigurationException.Require(
            input.Channels % 2 == 0 && input.Count / 2 % elements == 0,
            $"'{name}' halves {input}: half a sample must be a multiple of {elements} numbers; use a multiple of "
            + $"{2 * elements} channels");
        _split = split;
    }

    /// <inheritdoc/>
    public override Shape Output => Input;

    /// <inheritdoc/>
    public override bool IsInvertible => true;

    /// <inheritdoc/>
    public override bool OnlyMoves => true;

    /// <summary>
    /// The halves of a tensor in the layout of coupling blocks, sharing its memory.
    /// </summary>
    public static (Tensor First, Tensor Second) Of(Tensor x)
    {
        Shape half = x.Shape.WithChannels(x.Shape.Channels / 2);
        return (x.Slice(0, half), x.Slice(half.Count, half));
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x, ForwardMode mode, ref SavedTensors saved)
    {
        Tensor y = Move(x, _split);
        Release(x, mode);
        return y;
    }

    /// <inheritdoc/>
    public override Tensor Backward(Tensor x, Tensor gradient, bool inputGradient, ref SavedTensors saved) =>
        MoveBack(gradient);

    /// <inheritdoc/>
    public override Tensor Inverse(Tensor y, ref SavedTensors saved, out Tensor point) => point = MoveBack(y);

    /// <inheritdoc/>
    /// <remarks>Nothing: the order of halves in memory is ours alone.</remarks>
    internal override string Export(OnnxGraph graph, string x) => x;

    private Tensor MoveBack(Tensor y)
    {
        Tensor x = Move(y, !_split);
        Memory.Free(y);
        return x;
    }

    private Tensor Move(Tensor from, bool split)
    {
        Tensor to = Allocate(Input, from.Shape.Batch);
        (Tensor first, Tensor second) = Of(split ? to : from);
        if (split)
        {
            Backend.SplitChannels(from, first, second);
        }
        else
        {
            Backend.MergeChannels(first, second, to);
        }
        return to;
    }
}
