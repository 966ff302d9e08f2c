using System.Runtime.CompilerServices;
using RevUp.Interop.Cuda;

namespace RevUp.Backends.Cuda;

/// <summary>
/// Issues kernels to the device's stream, in one of the three geometries that every kernel's header
/// names. Allocates nothing.
/// </summary>
internal sealed class KernelLauncher(DeviceQueue queue, KernelModule module)
{
    /// <summary>
    /// The most blocks of an elementwise launch, and so of the partial sums that one leaves: two
    /// per block at most.
    /// </summary>
    public const int MaximumBlocks = 1024;

    /// <summary>Threads of a warp.</summary>
    public const int WarpThreads = 32;

    /// <summary>Elements that a thread has in one 16-byte access.</summary>
    public const int ElementsPerThread = 4;

    private const int Threads = 256;
    private const int WideThreads = 1024;
    private const int BlocksPerProcessor = 16;

    private readonly int _maximumBlocks = Math.Min(
        MaximumBlocks, BlocksPerProcessor * queue.Driver.Device.Multiprocessors);

    /// <summary>A grid-stride loop over <paramref name="count"/> elements, at least one.</summary>
    public void Elementwise(
        CudaFunction kernel, long count, ReadOnlySpan<KernelArgument> arguments,
        [CallerArgumentExpression(nameof(kernel))] string name = "")
    {
        long blocks = (count + Threads * ElementsPerThread - 1) / (Threads * ElementsPerThread);
        Launch(kernel, Math.Min(blocks, _maximumBlocks), Threads, arguments, name);
    }

    /// <summary>
    /// A block of 256 threads for each of <paramref name="rows"/> rows, or groups of columns.
    /// </summary>
    public void Rows(
        CudaFunction kernel, long rows, ReadOnlySpan<KernelArgument> arguments,
        [CallerArgumentExpression(nameof(kernel))] string name = "") =>
        Launch(kernel, rows, Threads, arguments, name);

    /// <summary>
    /// A warp for each of <paramref name="rows"/> rows, eight to a block; each takes several of
    /// more than 8192 rows.
    /// </summary>
    public void WarpRows(
        CudaFunction kernel, long rows, ReadOnlySpan<KernelArgument> arguments,
        [CallerArgumentExpression(nameof(kernel))] string name = "") =>
        Launch(kernel, Math.Min((rows * WarpThreads + Threads - 1) / Threads, MaximumBlocks), Threads, arguments, name);

    /// <summary>
    /// A block for each of <paramref name="rows"/> rows that are summed whole before they are
    /// written: as many threads as there is work for, in whole warps and up to 1024. Fewer threads
    /// wait at fewer barriers.
    /// </summary>
    public void WideRows(
        CudaFunction kernel,
        long rows,
        long threads,
        ReadOnlySpan<KernelArgument> arguments,
        [CallerArgumentExpression(nameof(kernel))] string name = "") =>
        Launch(
            kernel, rows,
            (int)Math.Clamp((threads + WarpThreads - 1) / WarpThreads * WarpThreads, WarpThreads, WideThreads),
            arguments, name);

    private void Launch(
        CudaFunction kernel, long blocks, int threads, ReadOnlySpan<KernelArgument> arguments, string name)
    {
        queue.Driver.Launch(
            kernel, checked((int)blocks), threads, queue.Stream, MemoryMarshal.Cast<KernelArgument, ulong>(arguments),
            name);
        queue.Issued(queue.Noted is null ? name : module.NameOf(kernel));
    }
}
