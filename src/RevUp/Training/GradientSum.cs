using RevUp.Backends;
using RevUp.Distributed;
using RevUp.Layers;
using RevUp.Models;
using RevUp.Tensors;

namespace RevUp.Training;

/// <summary>
/// Sum of the gradients of a step, over the passes of this rank and over all ranks. Either the
/// backward passes add up in place and the library adds the ranks, or each pass is added whole, in
/// the order of the passes: pass m of rank r has the number m · Size + r.
/// </summary>
/// <remarks>
/// The library adds piece by piece. Where it works beside this rank, a piece is sent as soon as the
/// last backward pass of the step has finished it. In order, each rank adds its part of the
/// elements, for which every rank sends it a part of its pass. The bytes are as many as in a ring.
/// Several passes need a second buffer, float32 like the gradients.
/// </remarks>
internal sealed class GradientSum : IDisposable
{
    // Elements that are exchanged at once.
    private const int MostWork = 1 << 20;

    // Operations want tensors at multiples of the arena's alignment.
    private const int Step = (int)(Arena.Alignment / sizeof(float));

    private const string Words = "the gradients";

    private readonly Backend _backend;
    private readonly Collective _ranks;
    private readonly Tensor _gradients;
    private readonly Tensor _total;
    private readonly Tensor _work;
    private readonly int _whole;
    private readonly GradientBuckets? _buckets;

    /// <summary>The sum for a training's steps.</summary>
    /// <exception cref="ArenaExhaustedException">
    /// No memory for the buffers; the caller frees what was allocated.
    /// </exception>
    public GradientSum(RevUpNet net, Collective ranks, TrainingSettings settings)
        : this(net.Backend, net.Parameters.Gradients, ranks, OrderedPasses(settings, ranks))
    {
        if (!IsInOrder && !ranks.IsAlone)
        {
            _buckets = new GradientBuckets(ranks, net.Parameters, net.Layers, settings.BucketBytes);
            LayerDone = ranks.IsConcurrent ? _buckets.Send : null;
        }
    }

    /// <summary>A sum of any float32 values, in one piece.</summary>
    /// <param name="backend">Adds.</param>
    /// <param name="gradients">The values, replaced by their sum.</param>
    /// <param name="ranks">The ranks.</param>
    /// <param name="passes">
    /// Passes of one rank in a step, which are added in their order; 0 for the library's order.
    /// </param>
    /// <inheritdoc cref="GradientSum(RevUpNet, Collective, TrainingSettings)"/>
    public GradientSum(Backend backend, Tensor gradients, Collective ranks, int passes)
    {
        (_backend, _ranks, _gradients) = (backend, ranks, gradients);
        if (passes == 0)
        {
            return;
        }
        _total = passes == 1 ? gradients : Allocate(gradients.Shape, MemoryPurpose.Gradients);
        int stride = Step * ranks.Size;
        _whole = (int)(gradients.Count / stride) * stride;
        if (!ranks.IsAlone && _whole > 0)
        {
            Shape work = new(Math.Min(_whole, Math.Max(1, MostWork / stride) * stride));
            _work = Allocate(work, MemoryPurpose.Workspace);
        }
    }

    private bool IsInOrder => !_total.IsEmpty;

    /// <summary>
    /// Takes the position of each layer that the last backward pass of the step is through with;
    /// null where nothing is sent beside the pass.
    /// </summary>
    public Action<int>? LayerDone { get; }

    /// <summary>Makes the gradients ready for another pass of this rank.</summary>
    /// <param name="done">Passes of the step that it has done, at least 1.</param>
    public void Next(int done)
    {
        if (!IsInOrder)
        {
            return;
        }
        Add(isFirst: done == 1);
        _backend.Fill(_gradients, 0);
    }

    /// <summary>Replaces the gradients by the sum, on all ranks.</summary>
    /// <param name="done">Passes of the step that this rank has done.</param>
    public void Complete(int done)
    {
        if (!IsInOrder)
        {
            SendRest();
            return;
        }
        Add(isFirst: done == 1);
        foreach ((int start, Shape shape) in Chunks())
        {
            _ranks.Share(_total.Slice(start, shape), Words);
        }
        if (_total != _gradients)
        {
            _backend.Cast(_total, _gradients);
        }
    }

    /// <summary>
    /// Sends what the others wait for, in place of a last pass without numbers: all ranks send the
    /// same pieces.
    /// </summary>
    public void GiveUp() => LayerDone?.Invoke(0);

    /// <summary>Ends a step, whether it came to its end or not.</summary>
    public void End() => _buckets?.Forget();

    /// <summary>Frees the buffers.</summary>
    public void Dispose()
    {
        _backend.Memory.TryFree(_work);
        if (_total != _gradients)
        {
            _backend.Memory.TryFree(_total);
        }
    }

    private static int OrderedPasses(TrainingSettings settings, Collective ranks)
    {
        int passes = settings.PassesOf(ranks.Size);
        return settings.SumInRankOrder && settings.Accumulate > 1 ? passes : 0;
    }

    private void SendRest()
    {
        if (_buckets is null)
        {
            _ranks.Sum(_gradients, Words);
            return;
        }
        _buckets.Complete();
    }

    private Tensor Allocate(Shape shape, MemoryPurpose purpose) =>
        _backend.Memory.Allocate(shape, ElementType.Float32, purpose);

    private void Add(bool isFirst)
    {
        if (_ranks.IsAlone)
        {
            Add(_gradients, _total, isFirst);
            return;
        }
        foreach ((int start, Shape shape) in Chunks())
        {
            Tensor received = _work.Slice(0, shape);
            _ranks.Exchange(_gradients.Slice(start, shape), received, Words);
            Shape part = new((int)shape.Count / _ranks.Size);
            Tensor own = _total.Slice(start + _ranks.Rank * part.Count, part);
            for (int rank = 0; rank < _ranks.Size; rank++)
            {
                Add(received.Slice(rank * part.Count, part), own, isFirst && rank == 0);
            }
        }
        AddRest(isFirst);
    }

    private void Add(Tensor pass, Tensor total, bool isFirst)
    {
        if (isFirst)
        {
            _backend.Cast(pass, total);
        }
        else
        {
            _backend.Axpy(default, pass, total);
        }
    }

    // The elements behind the last whole stride, which every rank adds for itself.
    private void AddRest(bool isFirst)
    {
        int rest = (int)_gradients.Count - _whole;
        if (rest == 0)
        {
            return;
        }
        Shape shape = new(rest);
        float[] own = new float[rest], sum = new float[rest], all = new float[rest * _ranks.Size];
        _backend.Download<float>(_gradients.Slice(_whole, shape), own);
        _backend.Download<float>(_total.Slice(_whole, shape), sum);
        _ranks.Gather(MemoryMarshal.AsBytes(own.AsSpan()), MemoryMarshal.AsBytes(all.AsSpan()), Words);
        for (int i = 0; i < all.Length; i++)
        {
            int place = i % rest;
            sum[place] = isFirst && i < rest ? all[i] : sum[place] + all[i];
        }
        _backend.Upload<float>(sum, _total.Slice(_whole, shape));
    }

    private IEnumerable<(int Start, Shape Shape)> Chunks()
    {
        for (int start = 0; start < _whole && !_ranks.IsAlone; start += (int)_work.Count)
        {
            yield return (start, new Shape((int)Math.Min(_work.Count, _whole - start)));
        }
    }
}
