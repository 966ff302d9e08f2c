using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// Space-to-depth with blocks of 2: [N, H, W, C] → [N, H/2, W/2, 4C], [N, D, H, W, C] → [N, D/2,
/// H/2, W/2, 8C]. A permutation: its inverse is exact, and also its gradient. Keeps nothing.
/// </summary>
internal sealed class Squeeze : Layer
{
    /// <summary>A squeeze of samples of shape <paramref name="input"/>.</summary>
    /// <exception cref="ConfigurationException">An extent is odd.</exception>
    public Squeeze(string name, Backend backend, Shape input)
        : base(name, backend, input)
    {
        Shape output = input.WithChannels(input.Channels << input.SpatialRank);
        for (int axis = 0; axis < input.SpatialRank; axis++)
        {
            ConfigurationException.Require(
                input.Extent(axis) % 2 == 0,
                $"'{name}' halves the extents of {input}, and one is odd; use extents divisible by 2 for every "
                + $"squeeze, or model.downsampling 'strided'");
            output = output.With(axis + 1, input.Extent(axis) / 2);
        }
        Output = output;
    }

    /// <inheritdoc/>
    public override Shape Output { get; }

    /// <inheritdoc/>
    public override bool IsInvertible => true;

    /// <inheritdoc/>
    public override bool OnlyMoves => true;

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x, ForwardMode mode, ref SavedTensors saved)
    {
        Tensor y = Allocate(Output, x.Shape.Batch);
        Backend.Squeeze(x, y);
        Release(x, mode);
        return y;
    }

    /// <inheritdoc/>
    public override Tensor Backward(Tensor x, Tensor gradient, bool inputGradient, ref SavedTensors saved) =>
        Unsqueeze(gradient);

    /// <inheritdoc/>
    public override Tensor Inverse(Tensor y, ref SavedTensors saved, out Tensor point) => point = Unsqueeze(y);

    /// <inheritdoc/>
    internal override string Export(OnnxGraph graph, string x)
    {
        if (Input.SpatialRank == 2)
        {
            return graph.Node("SpaceToDepth", Name, [x], ("blocksize", 2L));
        }
        // SpaceToDepth knows 2-D only: [N, C, D/2, 2, H/2, 2, W/2, 2] → [N, 2, 2, 2, C, D/2, H/2,
        // W/2], the same order of channels. 0 keeps the batch.
        (long depth, long height, long width) = (Output[1], Output[2], Output[3]);
        string blocks = graph.Node(
            "Reshape",
            Name + ".blocks",
            [x, graph.Integers(Name + ".blocks", 0, Input.Channels, depth, 2, height, 2, width, 2)]);
        string moved = graph.Node("Transpose", Name, [blocks], ("perm", new long[] { 0, 3, 5, 7, 1, 2, 4, 6 }));
        return graph.Node(
            "Reshape", Name, [moved, graph.Integers(Name + ".output", 0, Output.Channels, depth, height, width)]);
    }

    private Tensor Unsqueeze(Tensor y)
    {
        Tensor x = Allocate(Input, y.Shape.Batch);
        Backend.Unsqueeze(y, x);
        Memory.Free(y);
        return x;
    }
}
