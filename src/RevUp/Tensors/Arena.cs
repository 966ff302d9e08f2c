using System.Runtime.CompilerServices;

namespace RevUp.Tensors;

/// <summary>
/// All memory of a backend: one large reservation, from which tensors are cut best-fit and into
/// which freed neighbours merge. It counts live bytes and their peak exactly, by purpose, so that
/// "activation memory" is a number of the algorithm and not of the operating system.
/// </summary>
/// <remarks>
/// One arena belongs to the thread that drives its backend: a call throws
/// <see cref="InvalidOperationException"/> while another thread is in one. Steady-state use
/// allocates nothing from the managed heap.
/// </remarks>
public sealed partial class Arena
{
    /// <summary>Every tensor starts at a multiple of this many bytes.</summary>
    public const int Alignment = 64;

    private const int None = -1;

    private readonly nint _start;
    private readonly Action<nint, long>? _poison;
    private readonly List<Block> _blocks = [];
    private readonly Stack<int> _unused = [];
    private int _firstFree;
    private MemoryUse _use;
    private MemoryUse _peak;
    private long _totalPeak;
    private long _allocations;
    private bool _closed;

    /// <summary>
    /// An arena over the <paramref name="capacity"/> bytes at <paramref name="start"/>, which the
    /// backend owns.
    /// </summary>
    /// <param name="start">Aligned to <see cref="Alignment"/>.</param>
    /// <param name="capacity">In bytes.</param>
    /// <param name="poison">
    /// Called with every freed range, for tests that look for reads of freed memory.
    /// </param>
    public Arena(nint start, long capacity, Action<nint, long>? poison = null)
    {
        _use = default; // the compiler does not count what the indexer writes as an assignment
        _start = start;
        Capacity = capacity / Alignment * Alignment;
        _poison = poison;
        _blocks.Add(
            new Block
            {
                Offset = 0,
                Size = Capacity,
                Previous = None,
                Next = None,
                NextFree = None,
                PreviousFree = None,
                Free = true,
            });
        _firstFree = 0;
    }

    /// <summary>Bytes that can be live at once.</summary>
    public long Capacity { get; }

    /// <summary>Live bytes by purpose.</summary>
    public MemoryUse Use => _use;

    /// <summary>
    /// For each purpose, the most bytes that were live at once since the last
    /// <see cref="ResetPeaks"/>.
    /// </summary>
    public MemoryUse Peak => _peak;

    /// <summary>
    /// The most bytes of all purposes that were live at once; at most the sum of
    /// <see cref="Peak"/>.
    /// </summary>
    public long TotalPeak => _totalPeak;

    /// <summary>Number of live tensors, for leak checks.</summary>
    public int LiveCount { get; private set; }

    /// <summary>
    /// A number for the set of live tensors, each with its place and its number in the sequence of
    /// allocations. Equal numbers mean that the same tensors are live. The same requests then get
    /// the same places: the live tensors determine the free ranges, which are always merged, and
    /// the free ranges determine the best fit.
    /// </summary>
    public ulong Layout { get; private set; }

    /// <summary>The thread that drives the backend.</summary>
    internal DriverSeat Seat { get; } = new();

    /// <summary>Bytes that a tensor is counted with.</summary>
    public static long Rounded(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;

    /// <summary>Starts the peaks again from the live bytes.</summary>
    public void ResetPeaks()
    {
        _peak = _use;
        _totalPeak = _use.Total;
    }

    /// <summary>
    /// The most bytes of all purposes that were live at once during some work. The peaks go on as
    /// if nobody had looked.
    /// </summary>
    internal long PeakOf(Action work)
    {
        (MemoryUse peak, long total) = (_peak, _totalPeak);
        ResetPeaks();
        work();
        long reached = _totalPeak;
        foreach (MemoryPurpose purpose in Enum.GetValues<MemoryPurpose>())
        {
            _peak[purpose] = Math.Max(_peak[purpose], peak[purpose]);
        }
        _totalPeak = Math.Max(reached, total);
        return reached;
    }

    /// <summary>
    /// A new tensor with undefined content. The caller frees it; sizes are counted rounded up to
    /// <see cref="Alignment"/>.
    /// </summary>
    /// <exception cref="ArenaExhaustedException">No free range is large enough.</exception>
    /// <exception cref="ObjectDisposedException">The backend was disposed.</exception>
    public Tensor Allocate(Shape shape, ElementType type, MemoryPurpose purpose)
    {
        using Driving driving = Seat.Take();
        long bytes = shape.Count * type.Size(), size = Rounded(bytes);
        int index = BestFit(size);
        if (index == None)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            throw new ArenaExhaustedException(string.Create(
                CultureInfo.InvariantCulture,
                $"No room for {size / 1048576.0:F1} MiB of {purpose} (a tensor {shape} of {type}): the arena has "
                + $"{Capacity / 1048576.0:F0} MiB, and in use are {_use}. "
                + $"Use a smaller batch or image, the policy 'invert', or a machine with more memory."));
        }
        RemoveFree(index);
        Split(index, size);
        Block block = _blocks[index] with { Free = false, Bytes = bytes, Purpose = purpose, Sequence = ++_allocations };
        _blocks[index] = block;
        nint address = _start + (nint)block.Offset;
        LiveCount++;
        Layout ^= Signature(block);
        _use[purpose] += size;
        _peak[purpose] = Math.Max(_peak[purpose], _use[purpose]);
        _totalPeak = Math.Max(_totalPeak, _use.Total);
        LimitPages(block);
        return new Tensor(address, type, shape, this, index, block.Sequence);
    }

    /// <summary>
    /// A new tensor of float32 elements with room for <paramref name="bytes"/> bytes, as rows of
    /// <see cref="Alignment"/> bytes: a vector would end at 8 GiB.
    /// </summary>
    /// <exception cref="ArenaExhaustedException">No free range is large enough.</exception>
    public Tensor AllocateBytes(long bytes, MemoryPurpose purpose) =>
        Allocate(
            new Shape(checked((int)((bytes + Alignment - 1) / Alignment)), Alignment / sizeof(float)),
            ElementType.Float32,
            purpose);

    /// <summary>A point in the sequence of allocations, for <see cref="FreeSince"/>.</summary>
    public long Mark() => _allocations;

    /// <summary>
    /// Frees every tensor allocated since <paramref name="mark"/> that is still live: what a step
    /// that failed half-way has left.
    /// </summary>
    public void FreeSince(long mark)
    {
        using Driving driving = Seat.Take();
        for (int i = 0; i < _blocks.Count; i++)
        {
            if (_blocks[i].Sequence > mark)
            {
                Free(i);
            }
        }
    }

    /// <summary>
    /// Gives a tensor's memory back. The tensor must come from <see cref="Allocate"/>, not from a
    /// slice. Does nothing once the backend is disposed: all memory is back then.
    /// </summary>
    /// <exception cref="InvalidOperationException">
    /// The tensor is not live in this arena: freed twice, or a slice.
    /// </exception>
    public void Free(Tensor tensor)
    {
        if (!TryFree(tensor) && !_closed)
        {
            throw new InvalidOperationException(
                $"The tensor {tensor.Shape} at 0x{tensor.Place:x} is not live in this arena: it was freed before, or "
                + "it is a slice.");
        }
    }

    /// <summary>Frees a tensor unless it is empty, a slice or freed already.</summary>
    internal bool TryFree(Tensor tensor)
    {
        using Driving driving = Seat.Take();
        // A slice may start where its tensor does.
        bool isLive = tensor.IsLiveIn(this, out int index)
            && tensor.Place == _start + (nint)_blocks[index].Offset && tensor.Bytes == _blocks[index].Bytes;
        if (isLive)
        {
            Free(index);
        }
        return isLive;
    }

    /// <summary>Frees everything and hands nothing out any more.</summary>
    internal void Close()
    {
        _closed = true;
        (_firstFree, LiveCount, _use, Layout) = (None, 0, default, 0);
        _blocks.Clear();
    }

    /// <summary>Whether an allocation is live: one compare for every use of a tensor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool IsLive(int block, long allocation)
    {
        ReadOnlySpan<Block> blocks = CollectionsMarshal.AsSpan(_blocks);
        return (uint)block < (uint)blocks.Length && blocks[block].Sequence == allocation;
    }

    private void Free(int index)
    {
        Block block = _blocks[index];
        Layout ^= Signature(block);
        LiveCount--;
        _use[block.Purpose] -= block.Size;
        _blocks[index] = block with { Sequence = 0 };
        _poison?.Invoke(_start + (nint)block.Offset, block.Size);
        index = MergeWithNext(index);
        if (block.Previous != None && _blocks[block.Previous].Free)
        {
            RemoveFree(block.Previous);
            index = MergeWithNext(block.Previous, nextIsFree: false);
        }
        AddFree(index);
    }

    // Of a live block, mixed (splitmix64) so that the exclusive or of a set of them is as good as
    // unique.
    private static ulong Signature(Block block)
    {
        ulong mixed = unchecked((ulong)block.Sequence * 0x9E3779B97F4A7C15 + (ulong)(block.Offset / Alignment));
        mixed = unchecked((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9);
        mixed = unchecked((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB);
        return mixed ^ (mixed >> 31);
    }

    private int BestFit(long size)
    {
        int best = None;
        for (int i = _firstFree; i != None; i = _blocks[i].NextFree)
        {
            Block block = _blocks[i];
            if (block.Size < size)
            {
                continue;
            }
            // Among equals the lowest address, so that the same requests always get the same
            // places.
            if (best == None || block.Size < _blocks[best].Size
                || (block.Size == _blocks[best].Size && block.Offset < _blocks[best].Offset))
            {
                best = i;
            }
        }
        return best;
    }

    private void Split(int index, long size)
    {
        Block block = _blocks[index];
        if (block.Size == size)
        {
            return;
        }
        int rest = NewBlock(
            new Block { Offset = block.Offset + size, Size = block.Size - size, Previous = index, Next = block.Next });
        if (block.Next != None)
        {
            _blocks[block.Next] = _blocks[block.Next] with { Previous = rest };
        }
        _blocks[index] = block with { Size = size, Next = rest };
        AddFree(rest);
    }

    /// <summary>
    /// Appends the following block to this one, when it is free (or, with
    /// <paramref name="nextIsFree"/> false, because it is being freed).
    /// </summary>
    private int MergeWithNext(int index, bool nextIsFree = true)
    {
        Block block = _blocks[index];
        if (block.Next == None || (nextIsFree && !_blocks[block.Next].Free))
        {
            return index;
        }
        if (nextIsFree)
        {
            RemoveFree(block.Next);
        }
        Block next = _blocks[block.Next];
        if (next.Next != None)
        {
            _blocks[next.Next] = _blocks[next.Next] with { Previous = index };
        }
        _unused.Push(block.Next);
        _blocks[index] = block with { Size = block.Size + next.Size, Next = next.Next };
        return index;
    }

    private int NewBlock(Block block)
    {
        if (_unused.TryPop(out int index))
        {
            _blocks[index] = block;
            return index;
        }
        _blocks.Add(block);
        return _blocks.Count - 1;
    }

    private void AddFree(int index)
    {
        _blocks[index] = _blocks[index] with { Free = true, NextFree = _firstFree, PreviousFree = None };
        if (_firstFree != None)
        {
            _blocks[_firstFree] = _blocks[_firstFree] with { PreviousFree = index };
        }
        _firstFree = index;
    }

    private void RemoveFree(int index)
    {
        Block block = _blocks[index];
        if (block.PreviousFree == None)
        {
            _firstFree = block.NextFree;
        }
        else
        {
            _blocks[block.PreviousFree] = _blocks[block.PreviousFree] with { NextFree = block.NextFree };
        }
        if (block.NextFree != None)
        {
            _blocks[block.NextFree] = _blocks[block.NextFree] with { PreviousFree = block.PreviousFree };
        }
        _blocks[index] = block with { Free = false };
    }

    /// <summary>
    /// A range of the reservation; ranges are linked in address order, the free ones also among
    /// themselves.
    /// </summary>
    private readonly record struct Block
    {
        public long Offset { get; init; }
        public long Size { get; init; }

        /// <summary>Of the tensor, where <see cref="Size"/> is rounded up.</summary>
        public long Bytes { get; init; }

        public int Previous { get; init; }
        public int Next { get; init; }
        public int PreviousFree { get; init; }
        public int NextFree { get; init; }
        public bool Free { get; init; }
        public MemoryPurpose Purpose { get; init; }

        /// <summary>Number of the allocation, from 1; 0 when free or merged into another.</summary>
        public long Sequence { get; init; }
    }
}
