namespace RevUp.Tests.Tensors;

/// <summary>
/// The arena never touches the memory that it manages, so these tests give it addresses and no
/// memory.
/// </summary>
[TestClass]
public sealed class ArenaTests
{
    private const nint Start = 1 << 20;
    private const long Capacity = 1 << 16;

    [TestMethod]
    public void SizesAreCountedInWholeLinesByPurpose()
    {
        Arena arena = new(Start, Capacity);
        arena.Allocate(new Shape(1), ElementType.Float32, MemoryPurpose.Parameters);
        arena.Allocate(new Shape(16), ElementType.Float32, MemoryPurpose.Activations);
        arena.Allocate(new Shape(17), ElementType.Float32, MemoryPurpose.Activations);
        arena.Allocate(new Shape(33), ElementType.BFloat16, MemoryPurpose.Workspace);
        arena.Allocate(new Shape(9), ElementType.Float64, MemoryPurpose.Optimizer);
        Assert.AreEqual(64, arena.Use[MemoryPurpose.Parameters]);
        Assert.AreEqual(64 + 128, arena.Use[MemoryPurpose.Activations]);
        Assert.AreEqual(128, arena.Use[MemoryPurpose.Workspace]);
        Assert.AreEqual(128, arena.Use[MemoryPurpose.Optimizer]);
        Assert.AreEqual(0, arena.Use[MemoryPurpose.Gradients]);
        Assert.AreEqual(64 + 192 + 128 + 128, arena.Use.Total);
        Assert.AreEqual(5, arena.LiveCount);
    }

    /// <summary>
    /// 8, 40 and 8 MiB are live at most; then 41 MiB lie behind the hole of 40. The touched pages
    /// are 97 MiB where tensors never took more than 57: the last 24 of the hole go back, and 16
    /// stay.
    /// </summary>
    [TestMethod]
    public void PagesOfHolesAreGivenBackBeyondTheMostThatTensorsTook()
    {
        const int MiB = 1 << 20;
        List<(nint, long)> discarded = [];
        Arena arena = new(Start, 1L << 30, poison: null, (start, bytes) => discarded.Add((start, bytes)));
        Allocate(arena, 8 * MiB);
        Tensor hole = Allocate(arena, 40 * MiB);
        Allocate(arena, 8 * MiB);
        arena.Free(hole);
        Assert.IsEmpty(discarded);
        Allocate(arena, 41 * MiB);
        Assert.AreEqual(hole.Place, Allocate(arena, 40 * MiB).Place);
        CollectionAssert.AreEqual(((nint, long)[])[(Start + 24 * MiB, 24L * MiB)], discarded);
    }

    /// <summary>
    /// Two tensors of one size may change places: the live ranges are the same, and what they hold
    /// is not.
    /// </summary>
    [TestMethod]
    public void TheLayoutIsThatOfTheLiveTensorsAndNotOfTheirRanges()
    {
        Arena arena = new(Start, Capacity);
        Tensor first = Allocate(arena, 64);
        Tensor second = Allocate(arena, 64);
        ulong layout = arena.Layout;
        Tensor transient = Allocate(arena, 4096);
        Assert.AreNotEqual(layout, arena.Layout);
        arena.Free(transient);
        Assert.AreEqual(layout, arena.Layout);

        arena.Free(first);
        arena.Free(second);
        (nint low, nint high) = (Allocate(arena, 64).Address, Allocate(arena, 64).Address);
        Assert.AreEqual((first.Place, second.Place), (low, high));
        Assert.AreNotEqual(layout, arena.Layout);
    }

    /// <summary>
    /// Whatever was freed in whichever order before, the same live tensors leave the same places
    /// for the same requests.
    /// </summary>
    [TestMethod]
    public void OfOneLayoutTheSameRequestsGetTheSamePlaces()
    {
        int[] requests = [256, 64, 1024, 192, 64, 512];
        Arena arena = new(Start, Capacity);
        Tensor[] tensors = [.. Enumerable.Range(0, 16).Select(i => Allocate(arena, 64 * (1 + i * 7 % 5)))];
        for (int i = 0; i < tensors.Length; i += 2)
        {
            arena.Free(tensors[i]);
        }
        ulong layout = arena.Layout;
        nint[] expected = Take();
        for (int rotation = 1; rotation < requests.Length; rotation++)
        {
            Tensor[] others =
                [.. requests.Skip(rotation).Concat(requests.Take(rotation)).Select(bytes => Allocate(arena, bytes))];
            Array.ForEach([.. others.OrderBy(tensor => tensor.Address * 31 % 17)], arena.Free);
            Assert.AreEqual(layout, arena.Layout);
            CollectionAssert.AreEqual(expected, Take());
        }

        nint[] Take()
        {
            Tensor[] taken = [.. requests.Select(bytes => Allocate(arena, bytes))];
            Array.ForEach(taken, arena.Free);
            return [.. taken.Select(tensor => tensor.Place)];
        }
    }

    [TestMethod]
    public void TheSmallestHoleThatFitsIsTakenAndOfEqualOnesTheLowest()
    {
        Arena arena = new(Start, Capacity);
        Tensor[] tensors = [.. new[] { 256, 64, 128, 64, 128, 64, 512, 64 }.Select(bytes => Allocate(arena, bytes))];
        foreach (int hole in (int[])[0, 4, 2, 6])
        {
            arena.Free(tensors[hole]);
        }
        Assert.AreEqual(tensors[2].Place, Allocate(arena, 128).Address);
        Assert.AreEqual(tensors[4].Place, Allocate(arena, 128).Address);
        Assert.AreEqual(tensors[0].Place, Allocate(arena, 128).Address, "256 bytes fit better than 512");
        Assert.AreEqual(tensors[0].Place + 128, Allocate(arena, 64).Address, "what a split leaves is used again");
        Assert.AreEqual(tensors[6].Place, Allocate(arena, 512).Address);
    }

    [TestMethod]
    [DataRow(0, 1, 2)]
    [DataRow(0, 2, 1)]
    [DataRow(1, 0, 2)]
    [DataRow(1, 2, 0)]
    [DataRow(2, 0, 1)]
    [DataRow(2, 1, 0)]
    public void FreedNeighboursMergeInWhateverOrder(int first, int second, int third)
    {
        Arena arena = new(Start, Capacity);
        Tensor[] tensors = [Allocate(arena, 64), Allocate(arena, 640), Allocate(arena, 128)];
        arena.Free(tensors[first]);
        arena.Free(tensors[second]);
        arena.Free(tensors[third]);
        Assert.AreEqual(Start, Allocate(arena, Capacity).Address);
    }

    [TestMethod]
    public void AnythingThatIsNotLiveIsRefused()
    {
        Arena arena = new(Start, Capacity);
        Tensor tensor = Allocate(arena, 256);
        foreach (Tensor part in (Tensor[])[tensor.Scalar(16), tensor.Scalar(0), tensor.Slice(0, new Shape(63))])
        {
            InvalidOperationException slice = Assert.ThrowsExactly<InvalidOperationException>(() => arena.Free(part));
            Assert.Contains("slice", slice.Message);
        }
        Assert.AreEqual(256, arena.Use.Total);
        arena.Free(tensor);
        InvalidOperationException twice = Assert.ThrowsExactly<InvalidOperationException>(() => arena.Free(tensor));
        Assert.Contains("freed before", twice.Message);
        Assert.Contains("[64]", twice.Message);
        Assert.ThrowsExactly<InvalidOperationException>(() => arena.Free(default));
        Assert.AreEqual(0, arena.Use.Total);
    }

    [TestMethod]
    public void ExhaustionShowsTheRequestTheTableAndTheWayOutAndChangesNothing()
    {
        Arena arena = new(Start, 4 << 20);
        arena.Allocate(new Shape(1 << 19), ElementType.Float32, MemoryPurpose.Parameters);
        MemoryUse before = arena.Use;
        ArenaExhaustedException exception = Assert.ThrowsExactly<ArenaExhaustedException>(
            () => arena.Allocate(new Shape(3, 1 << 18), ElementType.Float32, MemoryPurpose.Activations));
        string[] parts =
        [
            "3.0 MiB of Activations", "[3, 262144] of Float32", "arena has 4 MiB",
            "Parameters 2.0 MiB", "total 2.0 MiB",
            "'invert'",
        ];
        foreach (string part in parts)
        {
            Assert.Contains(part, exception.Message);
        }
        Assert.AreEqual(before.Total, arena.Use.Total);
        Assert.AreEqual(
            2 << 20, arena.Allocate(new Shape(1 << 19), ElementType.Float32, MemoryPurpose.Activations).Bytes);
    }

    [TestMethod]
    public void PeaksAreThoseSinceTheLastReset()
    {
        Arena arena = new(Start, Capacity);
        Tensor kept = Allocate(arena, 128);
        arena.Free(Allocate(arena, 1024));
        arena.Free(Allocate(arena, 512, MemoryPurpose.Workspace));
        Assert.AreEqual(128 + 1024, arena.Peak[MemoryPurpose.Activations]);
        Assert.AreEqual(512, arena.Peak[MemoryPurpose.Workspace]);
        Assert.AreEqual(128 + 1024, arena.TotalPeak, "the two peaks were not at the same time");
        arena.ResetPeaks();
        Assert.AreEqual(128, arena.Peak[MemoryPurpose.Activations]);
        Assert.AreEqual(0, arena.Peak[MemoryPurpose.Workspace]);
        Assert.AreEqual(128, arena.TotalPeak);
        arena.Free(kept);
        Assert.AreEqual(128, arena.Peak[MemoryPurpose.Activations]);
    }

    [TestMethod]
    public void ThePoisonGetsExactlyTheFreedRange()
    {
        List<(nint Address, long Bytes)> freed = [];
        Arena arena = new(Start, Capacity, (address, bytes) => freed.Add((address, bytes)));
        Tensor first = Allocate(arena, 64);
        Tensor second = Allocate(arena, 100);
        arena.Free(first);
        arena.Free(second);
        CollectionAssert.AreEqual(new[] { (Start, 64L), (Start + 64, 128L) }, freed);
    }

    [TestMethod]
    public void AThousandRandomRequestsNeverOverlapAndLeaveOneHole()
    {
        Arena arena = new(Start, Capacity);
        CounterRandom random = new(1, 1, 1);
        List<Tensor> live = [];
        for (int i = 0; i < 1000; i++)
        {
            if (live.Count > 0 && (live.Count == 12 || random.NextInt(2) == 0))
            {
                int index = random.NextInt(live.Count);
                arena.Free(live[index]);
                live.RemoveAt(index);
            }
            else
            {
                Tensor added = Allocate(arena, 4 * (1 + random.NextInt(1000)));
                Assert.AreEqual(0, added.Address % Arena.Alignment);
                Assert.IsTrue(added.Address >= Start && added.Address + added.Bytes <= Start + Capacity);
                bool apart = live.All(
                    t => t.Address + t.Bytes <= added.Address || added.Address + added.Bytes <= t.Address);
                Assert.IsTrue(apart, $"request {i} overlaps a live tensor");
                live.Add(added);
            }
            Assert.AreEqual(live.Sum(t => (t.Bytes + 63) / 64 * 64), arena.Use.Total);
        }
        live.ForEach(arena.Free);
        Assert.AreEqual(Start, Allocate(arena, Capacity).Address);
    }

    [TestMethod]
    public void WhatWasAllocatedSinceAMarkIsFreedTogether()
    {
        Arena arena = new(Start, Capacity);
        Tensor reused = Allocate(arena, 64);
        Tensor before = Allocate(arena, 128);
        long mark = arena.Mark();
        arena.Free(reused);
        Assert.AreEqual(reused.Place, Allocate(arena, 64).Address);
        Allocate(arena, 256, MemoryPurpose.Workspace);
        arena.FreeSince(mark);
        Assert.AreEqual(1, arena.LiveCount);
        Assert.AreEqual(128, arena.Use.Total);
        arena.Free(before);
        Assert.AreEqual(Start, Allocate(arena, Capacity).Address);
    }

    [TestMethod]
    [DataRow(1, 64)]
    [DataRow(64, 64)]
    [DataRow(66, 128)]
    [DataRow((12L << 30) + 1, (12L << 30) + 64)]
    public void BytesBecomeWholeRows(long bytes, long expected) =>
        Assert.AreEqual(expected, new Arena(Start, 16L << 30).AllocateBytes(bytes, MemoryPurpose.Workspace).Bytes);

    [TestMethod]
    public void ASteadyStateAllocatesNothingFromTheManagedHeap()
    {
        Arena arena = new(Start, Capacity);
        Churn(arena, 10);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Churn(arena, 1000);
        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void Churn(Arena arena, int rounds)
    {
        for (int i = 0; i < rounds; i++)
        {
            Tensor a = Allocate(arena, 256), b = Allocate(arena, 512), c = Allocate(arena, 64);
            arena.Free(b);
            Tensor d = Allocate(arena, 128);
            arena.Free(a);
            arena.Free(d);
            arena.Free(c);
        }
    }

    private static Tensor Allocate(Arena arena, long bytes, MemoryPurpose purpose = MemoryPurpose.Activations) =>
        arena.Allocate(new Shape((int)(bytes / sizeof(float))), ElementType.Float32, purpose);
}
