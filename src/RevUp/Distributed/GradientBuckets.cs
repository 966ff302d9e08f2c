using RevUp.Layers;
using RevUp.Tensors;

namespace RevUp.Distributed;

/// <summary>
/// The gradients of a network in pieces, in the order in which a backward pass finishes them: the
/// weights from their end to their start, then the scalars. A piece is sent once the layer that
/// completes it is through, beside the backward pass of the layers before.
/// </summary>
/// <remarks>
/// A layer is through when its own gradients are final, whichever way its input came back. Pieces
/// are slices: nothing is copied. A call allocates nothing.
/// </remarks>
internal sealed class GradientBuckets
{
    /// <summary>Bytes of a piece of a large network, unless a recipe says otherwise.</summary>
    public const long DefaultBytes = 8 << 20;

    // Pieces of a small network, so that most of its gradients are sent before the pass ends.
    private const int LeastPieces = 8;

    private const string Words = "the gradients";

    private readonly Collective _ranks;
    private readonly GradientBucket[] _buckets;
    private int _sent;

    /// <param name="ranks">Sum the pieces.</param>
    /// <param name="store">Where the parameters are.</param>
    /// <param name="layers">The network, first layer first.</param>
    /// <param name="bytes">
    /// Bytes of a piece at least; 0 for <see cref="DefaultBytes"/>, or an eighth of all where that
    /// is less.
    /// </param>
    public GradientBuckets(Collective ranks, ParameterStore store, IReadOnlyList<Layer> layers, long bytes)
    {
        _ranks = ranks;
        _buckets = [.. Cut(store, layers, bytes > 0 ? bytes : BytesOf(store.Gradients.Bytes))];
    }

    /// <summary>The pieces, in the order in which they are sent.</summary>
    public IReadOnlyList<GradientBucket> All => _buckets;

    /// <summary>Least bytes of a piece, from the bytes of all gradients.</summary>
    public static long BytesOf(long total) => Math.Min(DefaultBytes, total / LeastPieces);

    /// <summary>Sends the pieces that a backward pass has finished since the last call.</summary>
    /// <param name="layer">
    /// Position of the layer that it is through with, as with all behind it.
    /// </param>
    public void Send(int layer)
    {
        for (; _sent < _buckets.Length && _buckets[_sent].Layer >= layer; _sent++)
        {
            _ranks.Begin(_buckets[_sent].Gradients, Words);
        }
    }

    /// <summary>
    /// Sends the rest. Work issued from here on sees the sums; the next pass begins with the first
    /// piece.
    /// </summary>
    public void Complete()
    {
        Send(layer: 0);
        Join();
    }

    /// <summary>
    /// Work issued from here on waits for what was sent of a step that did not come to its end.
    /// </summary>
    public void Forget()
    {
        if (_sent > 0)
        {
            Join();
        }
    }

    private void Join()
    {
        _ranks.Complete();
        _sent = 0;
    }

    private static IEnumerable<GradientBucket> Cut(ParameterStore store, IReadOnlyList<Layer> layers, long bytes)
    {
        int layer = layers.Count - 1;
        long end = store.EndOf(ParameterGroup.Weights);
        foreach (Parameter parameter in Of(ParameterGroup.Weights).Reverse())
        {
            layer = Math.Min(layer, LayerOf(parameter, layers));
            long start = (parameter.Gradient.Place - store.Gradients.Place) / sizeof(float);
            if ((end - start) * sizeof(float) >= bytes || start == 0)
            {
                yield return Piece(start, end);
                end = start;
            }
        }
        long scalars = store.EndOf(ParameterGroup.Weights), last = store.EndOf(ParameterGroup.Scalars);
        if (last > scalars)
        {
            layer = Of(ParameterGroup.Scalars).Select(parameter => LayerOf(parameter, layers)).Append(layer).Min();
            yield return Piece(scalars, last);
        }

        IEnumerable<Parameter> Of(ParameterGroup group) =>
            store.Parameters.Where(parameter => parameter.Group == group && !parameter.IsFrozen);

        GradientBucket Piece(long start, long end) =>
            new(store.Gradients.Slice(start, new Shape((int)(end - start))), layer);
    }

    private static int LayerOf(Parameter parameter, IReadOnlyList<Layer> layers)
    {
        for (int layer = 0; layer < layers.Count; layer++)
        {
            if (parameter.IsOf(layers[layer]))
            {
                return layer;
            }
        }
        throw new InvalidOperationException($"The parameter '{parameter.Name}' is of no layer.");
    }
}
