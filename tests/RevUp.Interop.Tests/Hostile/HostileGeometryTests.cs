namespace RevUp.Interop.Tests.Hostile;

/// <summary>
/// Inconsistent structures, sizes that overflow, and the functions without tensors.
/// </summary>
[TestClass]
internal sealed unsafe class HostileGeometryTests
{
    private delegate void Mutation<T>(ref T structure);

    private static readonly (string Named, Mutation<CpuShape> Change)[] s_shapes =
    [
        ("rank", (ref s) => s.Rank = 1), ("rank", (ref s) => s.Rank = 4), ("rank", (ref s) => s.Rank = int.MinValue),
        ("batch", (ref s) => s.Batch = -1),
        ("channels", (ref s) => s.Channels = -1), ("extent[0]", (ref s) => s.Extent[0] = -2),
        ("extent[1]", (ref s) => s.Extent[1] = long.MinValue),
        ("more elements", (ref s) => s.Extent[0] = s.Extent[1] = 1L << 40),
    ];

    private static readonly (string Named, Mutation<CpuConvolutionGeometry> Change)[] s_convolutions =
    [
        ("rank", (ref g) => g.Rank = 1), ("rank", (ref g) => g.Rank = 4), ("type", (ref g) => g.Type = (CpuType)2),
        ("type", (ref g) => g.Type = (CpuType)(-1)),
        ("batch", (ref g) => g.Batch = 0), ("in_channels", (ref g) => g.InChannels = -4),
        ("out_channels", (ref g) => g.OutChannels = 0),
        ("groups", (ref g) => g.Groups = 0), ("groups", (ref g) => g.Groups = 3),
        ("groups", (ref g) => g.Groups = long.MinValue),
        ("input[0]", (ref g) => g.Input[0] = -1), ("input[1]", (ref g) => g.Input[1] = long.MaxValue),
        ("kernel[0]", (ref g) => g.Kernel[0] = 0),
        ("kernel[1]", (ref g) => g.Kernel[1] = 100), ("stride[0]", (ref g) => g.Stride[0] = 0),
        ("padding[1]", (ref g) => g.Padding[1] = -1),
        ("padding[0]", (ref g) => g.Padding[0] = long.MaxValue), ("batch", (ref g) => g.Batch = long.MaxValue),
        ("overflow", (ref g) => g.Batch = g.InChannels = g.Input[0] = 1L << 30),
    ];

    [TestMethod]
    internal void InconsistentShapesAreNamed()
    {
        foreach ((string named, Mutation<CpuShape> change) in s_shapes)
        {
            foreach (string function in (string[])["squeeze", "unsqueeze", "max_pool_forward", "max_pool_backward"])
            {
                AbiMemory.Reset();
                change(ref *(CpuShape*)AbiMemory.Shape);
                AssertRefused(Call(function), named, $"{function}, {named}");
            }
        }
    }

    [TestMethod]
    internal void OddExtentsCannotBeSqueezed()
    {
        AbiMemory.Reset();
        ((CpuShape*)AbiMemory.Shape)->Extent[1] = 5;

        AssertRefused(Call("squeeze"), "extent[1]", "squeeze of an odd extent");
        AssertRefused(Call("unsqueeze"), "extent[1]", "unsqueeze of an odd extent");
    }

    [TestMethod]
    internal void InconsistentConvolutionsAreNamed()
    {
        foreach ((string named, Mutation<CpuConvolutionGeometry> change) in s_convolutions)
        {
            AbiMemory.Reset();
            change(ref *(CpuConvolutionGeometry*)AbiMemory.Convolution);
            AssertRefused(Call("convolution_create"), named, $"convolution_create, {named}");
        }
    }

    [TestMethod]
    internal void CountsPastTheAddressSpaceAreRefused()
    {
        foreach (AbiFunction function in AbiFunctions.All)
        {
            for (int i = 0; i < function.Arguments.Length; i++)
            {
                if (function.Arguments[i].Kind == ArgumentKind.Count)
                {
                    long[] words = function.ValidWords();
                    words[i] = long.MaxValue;
                    AbiMemory.Reset();
                    AssertRefused(
                        function.Call(words),
                        function.Arguments[i].Name,
                        $"{function} with {function.Arguments[i].Name} = {long.MaxValue}");
                }
            }
        }
    }

    [TestMethod]
    internal void AMissingScratchIsRefused()
    {
        using NativeArena memory = new();
        using ConvolutionHandle handle = ConvolutionHandle.Create(
            ConvolutionGeometries.Make(CpuType.Float32, 1, 4, 6, 1, [5, 5], [3, 3], [1, 1], [1, 1]));
        CpuConvolutionSizes sizes = handle.Query();
        Assert.IsGreaterThan(0, sizes.PackScratchBytes, "packing needs scratch for the scaled weights");

        CpuStatus status = CpuLibrary.ConvolutionPack(
            handle, memory.Floats(4 * 6 * 9), null, memory.Bytes(sizes.PackedBytes), null);

        AssertRefused(status, "scratch", "pack without scratch");
    }

    [TestMethod]
    internal void RuntimeFunctionsCheckTheirArguments()
    {
        int word;
        AssertRefused(CpuLibrary.SetThreads(0), "threads", "no threads");
        AssertRefused(CpuLibrary.SetThreads(1025), "threads", "too many threads");
        AssertRefused(CpuLibrary.Supports((CpuType)9, (CpuSupport*)&word), "type", "an unknown type");
        AssertRefused(CpuLibrary.Supports(CpuType.Float32, null), "support", "a null answer");
        AssertRefused(CpuLibrary.Describe(null, 10), "text", "a null text");
        AssertRefused(CpuLibrary.Describe((byte*)&word, 0), "capacity", "no room for the terminating zero");
        Assert.AreEqual(CpuStatus.Ok, CpuLibrary.ConvolutionDestroy(0), "null is allowed");
    }

    [TestMethod]
    internal void ReservedMemoryIsZeroedAndReleased()
    {
        foreach (long bytes in (long[])[1, 5000, (4 << 20) + 3])
        {
            void* memory;
            CpuLibrary.Reserve(bytes, &memory).Check();
            Assert.AreEqual(0, (long)memory % CpuLibrary.Alignment, "aligned");
            Assert.IsFalse(new Span<byte>(memory, (int)bytes).ContainsAnyExcept((byte)0), "zeroed");
            CpuLibrary.Release(memory, bytes).Check();
        }

        void* none;
        AssertRefused(CpuLibrary.Reserve(-1, &none), "bytes", "a negative size");
        AssertRefused(CpuLibrary.Reserve(1, null), "memory", "a null result");
        AssertRefused(CpuLibrary.Release(null, 4096), "memory", "a null release");
        AssertRefused(CpuLibrary.Release((void*)1, 4096), "memory", "a misaligned release");
        AssertRefused(CpuLibrary.Reserve(long.MaxValue, &none), "bytes", "more than any address space");
    }

    private static CpuStatus Call(string name)
    {
        AbiFunction function = AbiFunctions.All.Single(candidate => candidate.Name == name);
        return function.Call(function.ValidWords());
    }

    private static void AssertRefused(CpuStatus status, string named, string what)
    {
        Assert.AreEqual(CpuStatus.InvalidArgument, status, what);
        StringAssert.Contains(AbiFunction.LastError(), named, what);
    }
}
