using RevUp.Layers;
using RevUp.Models;
using RevUp.Reversible;

namespace RevUp.Planning;

/// <summary>Share of a layer in a step.</summary>
/// <param name="Forward">Multiplications of one sample's forward pass.</param>
/// <param name="Backward">
/// Multiplications of its backward pass: twice as many, and as many again for every evaluation that
/// recovers or recomputes what was not kept.
/// </param>
/// <param name="GradientBytes">Gradients of its parameters.</param>
internal sealed record LayerWork(double Forward, double Backward, long GradientBytes)
{
    /// <summary>The layers of a network as its last step took them.</summary>
    public static LayerWork[] Of(RevUpNet net, ReversibleEngine engine) =>
        [.. net.Layers.Select((layer, i) => Of(layer, net, engine, isFrozen: i < net.Frozen))];

    private static LayerWork Of(Layer layer, RevUpNet net, ReversibleEngine engine, bool isFrozen)
    {
        Parameter[] own = [.. net.Parameters.Parameters.Where(parameter => parameter.IsOf(layer))];
        long weights = own.Where(parameter => parameter.Shape.Rank >= 4).Sum(parameter => parameter.Shape.Count);
        double forward = (double)weights * Math.Min(layer.Input.Positions, layer.Output.Positions);
        if (isFrozen)
        {
            return new LayerWork(forward, Backward: 0, GradientBytes: 0);
        }
        int again = engine.Plan.For(layer) switch
        {
            MemoryPolicy.Checkpoint => 1,
            MemoryPolicy.Invert when layer is InvertibleBlock block =>
                Math.Max(1, engine.Records[block.Index].Evaluations),
            MemoryPolicy.Invert when layer is Block => 1,
            _ => 0,
        };
        long parameters = own.Sum(parameter => parameter.Shape.Count);
        return new LayerWork(forward, (2 + again) * forward, parameters * sizeof(float));
    }
}
