namespace RevUp.Interop.Tests.Support;

/// <summary>
/// The convolutions of the CPU library itself, with guards around packed weights and scratch.
/// </summary>
internal sealed unsafe class LibraryOperations(string name, Lazy<Backend?> device, int threads)
    : DeviceOperations(name, device, threads)
{
    internal override float[] ConvolutionFprop(
        CpuConvolutionGeometry geometry, Stored src, float[] weights, float? scale)
    {
        using NativeArena memory = new();
        using ConvolutionHandle handle = Create(geometry);
        int count = Shapes.DestinationElements(geometry);
        void* dst = memory.Tensor(geometry.Type, count);
        void* scratch = memory.Bytes(handle.Query().FpropScratchBytes);
        void* packed = Pack(memory, handle, weights, scale);
        CpuLibrary.ConvolutionFprop(handle, memory.Tensor(src), packed, dst, scratch).Check();
        return NativeArena.Read(geometry.Type, dst, count);
    }

    internal override float[] ConvolutionDgrad(
        CpuConvolutionGeometry geometry, Stored diffDst, float[] weights, float? scale)
    {
        using NativeArena memory = new();
        using ConvolutionHandle handle = Create(geometry);
        int count = Shapes.SourceElements(geometry);
        void* diffSrc = memory.Tensor(geometry.Type, count);
        void* scratch = memory.Bytes(handle.Query().DgradScratchBytes);
        void* packed = Pack(memory, handle, weights, scale);
        CpuLibrary.ConvolutionDgrad(handle, memory.Tensor(diffDst), packed, diffSrc, scratch).Check();
        return NativeArena.Read(geometry.Type, diffSrc, count);
    }

    internal override float[] ConvolutionWgrad(CpuConvolutionGeometry geometry, Stored src, Stored diffDst)
    {
        using NativeArena memory = new();
        using ConvolutionHandle handle = Create(geometry);
        int count = Shapes.WeightElements(geometry);
        float* diffWeights = memory.Floats(count);
        void* scratch = memory.Bytes(handle.Query().WgradScratchBytes);
        CpuLibrary.ConvolutionWgrad(handle, memory.Tensor(src), memory.Tensor(diffDst), diffWeights, scratch).Check();
        return NativeArena.Read(diffWeights, count);
    }

    // The backend sets the threads.
    private ConvolutionHandle Create(in CpuConvolutionGeometry geometry)
    {
        _ = Backend;
        return ConvolutionHandle.Create(geometry);
    }

    private static void* Pack(NativeArena memory, ConvolutionHandle handle, float[] weights, float? scale)
    {
        CpuConvolutionSizes sizes = handle.Query();
        void* packed = memory.Bytes(sizes.PackedBytes);
        void* scratch = memory.Bytes(sizes.PackScratchBytes);
        CpuLibrary.ConvolutionPack(handle, memory.Floats(weights), memory.Scalar(scale), packed, scratch).Check();
        return packed;
    }
}
