using System.Runtime.InteropServices;

namespace RevUp.Interop.Cpu;

public static unsafe partial class CpuLibrary
{
    /// <summary>Space-to-depth with blocks of 2: N (D) H W C → N (D/2) H/2 W/2 C·2^rank; shape is that of x, with even extents.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_squeeze")]
    public static partial CpuStatus Squeeze(CpuShape* shape, float* x, float* y);

    /// <summary>The inverse, and the gradient, of <see cref="Squeeze"/>; shape is that of the unsqueezed x.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_unsqueeze")]
    public static partial CpuStatus Unsqueeze(CpuShape* shape, float* y, float* x);

    /// <summary>Rows of xChannels → rows of yChannels: extra channels become 0 or are dropped.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_resize_channels")]
    public static partial CpuStatus ResizeChannels(long rows, long xChannels, float* x, long yChannels, float* y);

    /// <summary>The halves of the channels: x [rows, 2·channels] → first and second [rows, channels].</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_split_channels")]
    public static partial CpuStatus SplitChannels(long rows, long channels, float* x, float* first, float* second);

    /// <summary>The inverse, and the gradient, of <see cref="SplitChannels"/>.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_merge_channels")]
    public static partial CpuStatus MergeChannels(long rows, long channels, float* first, float* second, float* x);

    /// <summary>y[n, c] = mean over positions of x[n, :, c]; shape is that of x.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_global_average_pool_forward")]
    public static partial CpuStatus GlobalAveragePoolForward(CpuShape* shape, float* x, float* y);

    /// <summary>dx[n, :, c] = dy[n, c] / positions; shape is that of dx.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_global_average_pool_backward")]
    public static partial CpuStatus GlobalAveragePoolBackward(CpuShape* shape, float* dy, float* dx);

    /// <summary>y = maximum over each window of x.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_max_pool_forward")]
    public static partial CpuStatus MaxPoolForward(CpuPoolGeometry* geometry, float* x, float* y);

    /// <summary>dx = gradient, the argmax recomputed from x; among equal values the first in row-major order takes it.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_max_pool_backward")]
    public static partial CpuStatus MaxPoolBackward(CpuPoolGeometry* geometry, float* x, float* dy, float* dx);
}
