namespace RevUp.Interop.Tests.Hostile;

/// <summary>
/// Targets of the pointers of hostile calls: one zeroed block, a slot per argument, and small valid
/// structures. It lives as long as the process.
/// </summary>
internal static unsafe class AbiMemory
{
    private const int SlotBytes = 1 << 16;
    private const int Slots = 20;

    /// <summary>Elements of the buffer that <see cref="Vector"/> is in.</summary>
    internal const int VectorBuffer = 8;

    /// <summary>Parameter groups behind <see cref="Optimizer"/>.</summary>
    internal const int Groups = 2;

    private static readonly byte* s_block = AllocateZeroed(SlotBytes * (Slots + 5));
    private static readonly ConvolutionHandle s_convolution = CreateConvolution();

    internal static long Scratch => (long)(s_block + (SlotBytes * Slots));

    internal static long Shape => (long)(s_block + (SlotBytes * (Slots + 1)));

    internal static long Convolution => (long)(s_block + (SlotBytes * (Slots + 2)));

    internal static long Optimizer => (long)(s_block + (SlotBytes * (Slots + 3)));

    internal static long Vector => (long)(s_block + (SlotBytes * (Slots + 4)));

    /// <summary>The valid value of an argument whose kind has another one, or null.</summary>
    internal static long? Valid(string function, string argument) => (function, argument) switch
    {
        (_, "shape") => Shape,
        ("normalize_all", "vectors") => 1,
        ("normalize_all", "table") => Vector,
        ("normalize_all", "count") => VectorBuffer,
        ("sgd" or "adam_w" or "momentum_direction" or "descend", "groups") => Groups,
        ("sgd" or "adam_w" or "momentum_direction" or "descend", "settings") => Optimizer,
        _ => null,
    };

    /// <summary>The memory of the argument at this position.</summary>
    internal static long Slot(int index) => (long)(s_block + (SlotBytes * index));

    /// <summary>A valid convolution, or, for 0, a handle that passes null.</summary>
    internal static ConvolutionHandle Handle(long word) => word == 0 ? new ConvolutionHandle() : s_convolution;

    /// <summary>Undoes what a call or a test did to the structures.</summary>
    internal static void Reset()
    {
        new Span<byte>(s_block, SlotBytes * Slots).Clear();
        *(CpuShape*)Shape = Shapes.Shape(2, 3, 4, 6);
        *(CpuConvolutionGeometry*)Convolution = Geometry();
        *(VectorEntry*)Vector = new VectorEntry(First: 0, Count: 7, Norm: 7);
        OptimizerNumbers.Write(
            new OptimizerNumbers(1, Skip: 0, 0.9, Nesterov: 1, 0.9, 0.99, 1e-8, 0.1, 0.01),
            [new GroupNumbers(16, 0.1, 0), new GroupNumbers(19, 0.1, 0)],
            new Span<double>((void*)Optimizer, OptimizerNumbers.Length(Groups)));
    }

    private static CpuConvolutionGeometry Geometry() =>
        ConvolutionGeometries.Make(CpuType.Float32, 2, 4, 6, 2, [4, 6], [3, 3], [1, 1], [1, 1]);

    // One thread, so that the scratch fits its slot on every machine.
    private static ConvolutionHandle CreateConvolution()
    {
        CpuLibrary.SetThreads(1).Check();
        return ConvolutionHandle.Create(Geometry());
    }

    private static byte* AllocateZeroed(int bytes)
    {
        void* memory = NativeMemory.AlignedAlloc((nuint)bytes, CpuLibrary.Alignment);
        NativeMemory.Clear(memory, (nuint)bytes);
        return (byte*)memory;
    }
}
