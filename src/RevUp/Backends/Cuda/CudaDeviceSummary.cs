using RevUp.Tensors;

namespace RevUp.Backends.Cuda;

/// <summary>One GPU that the driver lists.</summary>
/// <param name="Index">Number that <see cref="CudaBackend"/> takes.</param>
/// <param name="Description">
/// One line: name, compute capability and the versions of the libraries.
/// </param>
/// <param name="MemoryBytes">All of its memory.</param>
/// <param name="BFloat16">Whether it has arithmetic of <see cref="ElementType.BFloat16"/>.</param>
internal sealed record CudaDeviceSummary(int Index, string Description, long MemoryBytes, bool BFloat16);
