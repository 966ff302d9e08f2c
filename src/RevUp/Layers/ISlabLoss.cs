using RevUp.Backends;

namespace RevUp.Layers;

/// <summary>
/// A loss that sees the logits of a <see cref="VoxelHead"/> slab by slab, twice. The logits
/// [1, planes, (H), W, classes] of planes of a sample are there for one call.
/// </summary>
internal interface ISlabLoss
{
    /// <summary>Adds a slab of sample <paramref name="index"/> to the sums of the loss.</summary>
    void Add(int index, Planes logits);

    /// <summary>
    /// Replaces a slab of sample <paramref name="index"/> by the loss's gradient, after all slabs
    /// were added.
    /// </summary>
    void Differentiate(int index, Planes logits);

    /// <summary>All slabs were differentiated.</summary>
    void End();
}
