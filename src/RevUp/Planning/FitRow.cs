using RevUp.Reversible;

namespace RevUp.Planning;

/// <summary>The largest size under one policy for all blocks.</summary>
/// <param name="Policy">The policy.</param>
/// <param name="AllowsSlabs">Whether layers may take slabs.</param>
/// <param name="Size">
/// Voxels or pixels of an edge, samples or blocks; 0 where the smallest is too large.
/// </param>
/// <param name="Slab">Planes of a slab; 0 where layers take whole samples.</param>
/// <param name="Bytes">The most bytes of a step, recomputed inputs included; 0 at size 0.</param>
internal sealed record FitRow(MemoryPolicy Policy, bool AllowsSlabs, int Size, int Slab, long Bytes);
