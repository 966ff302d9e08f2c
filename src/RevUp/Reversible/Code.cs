using RevUp.Tensors;

namespace RevUp.Reversible;

/// <summary>Quantised differences of one block.</summary>
/// <param name="Bits">Per element: 4 or 8.</param>
/// <param name="Values">Packed, ⌈C·bits/8⌉ bytes for each position.</param>
/// <param name="Steps">[N, C], bfloat16.</param>
internal readonly record struct Code(int Bits, Tensor Values, Tensor Steps);
