using RevUp.Backends;
using RevUp.Layers;
using RevUp.Models;
using RevUp.Recipes;
using RevUp.Reversible;
using RevUp.Tensors;
using RevUp.Training;

namespace RevUp.Planning;

/// <summary>
/// Measures what a layer takes under each policy that it can follow, by letting the engine take a
/// batch of random numbers through it, forward and backward. The bytes are the arena's own counts,
/// and so exact; they hold for any state of the weights. Layers of equal form are measured once.
/// </summary>
/// <remarks>
/// Adds to the gradients of parameters and to running statistics: for networks that are not to be
/// trained.
/// </remarks>
internal sealed class LayerProbe : IDisposable
{
    private const int Repeats = 3;
    private const long DataStream = 103;

    // An inversion of one evaluation takes a tensor less than one of two, and one of more no more
    // than that.
    private const int Evaluations = 2;

    // Tensors of more elements have the same numbers over and over. Many times a prime number.
    private const int MostNumbers = 16 * 262_139;

    private readonly Backend _backend;
    private readonly RevUpNet _net;
    private readonly ReversibleEngine _engine;
    private readonly Objective _objective;
    private readonly MemoryPlan _plan;
    private readonly bool _streams;
    private readonly InversionSettings _inversion;
    private readonly Tensor _input;
    private readonly Tensor _targets;
    private readonly Tensor _losses;
    private readonly Tensor _numbers;
    private readonly Dictionary<Form, IReadOnlyList<LayerOption>> _measured = [];

    /// <param name="net">Prepared for the batch.</param>
    /// <param name="engine">Of the network; plan and inversion settings are changed.</param>
    /// <param name="settings">
    /// Anchors, bits, when inversions stop, and whether there may be compressed streams.
    /// </param>
    /// <param name="input">A batch of the network's inputs.</param>
    /// <param name="objective">The loss behind the last layer.</param>
    /// <param name="targets">Of the batch.</param>
    public LayerProbe(
        RevUpNet net, ReversibleEngine engine, ReversibleSettings settings, Tensor input, Objective objective,
        Tensor targets)
    {
        (_backend, _net, _engine, _plan, _input) = (net.Backend, net, engine, settings.Plan, input);
        (_objective, _targets) = (objective, targets);
        _streams = settings.AllowCompress;
        // The probe's inversions have nothing below them that they could be recomputed from.
        _inversion = settings.Inversion with { HardLimit = double.MaxValue };
        int batch = input.Shape.Batch;
        long count = net.Layers.Max(
            layer => Math.Max(layer.Input.WithBatch(batch).Count, layer.Output.WithBatch(batch).Count));
        CounterRandom random = new(0, DataStream, 0);
        int numbers = (int)Math.Min(count, MostNumbers);
        _numbers = _backend.Memory.Allocate(new Shape(numbers), ElementType.Float32, MemoryPurpose.Activations);
        _backend.Upload<float>(MemoryProbe.RandomPixels(numbers, ref random), _numbers);
        _losses = _backend.Memory.Allocate(new Shape(2), ElementType.Float64, MemoryPurpose.Workspace);
    }

    /// <summary>The options of every layer, first to last.</summary>
    public IReadOnlyList<LayerOption>[] Measure()
    {
        IReadOnlyList<LayerOption>[] layers = [.. Enumerable.Range(0, _net.Layers.Count).Select(Measure)];
        long[] recomputed = [.. layers.Select(options => options.Max(option => option.ReplayBytes - option.KeptBytes))];
        // Gradients of skip connections that wait for a layer before this one.
        long waiting = 0;
        // The largest that may be there while an input is recomputed through the layer: the
        // output's gradient of a block behind it, which may be inverted.
        long gradient = 0;
        for (int i = layers.Length - 1; i >= 0; i--)
        {
            Layer layer = _net.Layers[i];
            TransposedTransition? join = layer as TransposedTransition;
            waiting -= layer is StridedTransition { Skip: { } skip } ? BatchBytes(skip.Sample) : 0;
            // A recomputation through a join begins with one of the skip, for whose tensor the
            // stream has given its memory.
            long behind = join is null
                ? 0
                : BatchBytes(layer.Input) - SkipBytes(join) + Encoder(join.Skip).Max(encoder => recomputed[encoder]);
            layers[i] = [.. layers[i].Select(option => option with
            {
                WorkingBytes = option.IsFrozen
                    ? option.WorkingBytes
                    : Math.Max(option.WorkingBytes, option.BackwardBytes + waiting),
                ReplayBytes = gradient == 0 || option.ToStream
                    ? 0
                    : Math.Max(option.ReplayBytes, behind) + gradient + waiting,
            })];
            waiting += SkipBytes(join);
            // Recomputations begin at the latest with a layer that has no inverse, or, through
            // frozen ones, with the network's input.
            gradient = i < _net.Frozen ? gradient
                : layer is Block { IsIterated: true, IsInvertible: true }
                ? Math.Max(gradient, BatchBytes(layer.Output))
                : layer.IsInvertible ? gradient : 0;
        }
        return layers;
    }

    // The layers of a level that its skip is recomputed through, from the one that keeps its input.
    private IEnumerable<int> Encoder(Skip skip)
    {
        int end = _net.Layers.Index().First(entry => entry.Item is StridedTransition s && s.Skip == skip).Index;
        int start = end - 1;
        while (start > 0 && (start < _net.Frozen || _net.Layers[start] is Block or { IsInvertible: true }))
        {
            start--;
        }
        return Enumerable.Range(start, end - start);
    }

    /// <summary>Frees the random numbers.</summary>
    public void Dispose()
    {
        _backend.Memory.TryFree(_losses);
        _backend.Memory.TryFree(_numbers);
    }

    private int Last => _net.Layers.Count - 1;

    private IReadOnlyList<LayerOption> Measure(int index)
    {
        Layer layer = _net.Layers[index];
        IEnumerable<Parameter> parameters = _net.Parameters.Parameters.Where(p => p.IsOf(layer));
        Form form = new(
            layer.GetType(), layer.Input, string.Join(' ', parameters.Select(p => p.Shape)),
            _engine.HasGradient(index), _engine.CanAbsorbInput(index), index < _net.Frozen);
        // The input of the first layer is not the engine's.
        if (index == 0 || !_measured.TryGetValue(form, out IReadOnlyList<LayerOption>? options))
        {
            options = index < _net.Frozen
                ? [MeasureFrozen(index)]
                : [.. Candidates(index, layer).Select(
                    candidate => Measure(index, candidate.Policy, candidate.FromStream, candidate.IsUniform))];
            if (index > 0)
            {
                _measured.Add(form, options);
            }
        }
        return index >= _net.Frozen && layer is Block block && _plan.IsAnchor(block)
            ? [.. options.Where(option => option.Policy != MemoryPolicy.Invert)]
            : options;
    }

    private IEnumerable<(MemoryPolicy Policy, bool FromStream, bool IsUniform)> Candidates(int index, Layer layer)
    {
        foreach (MemoryPolicy policy in MemoryPlan.Uniform.Select(policy => Uniform(policy).For(layer)).Distinct())
        {
            // The input of the first layer stays in any case.
            bool isPossible =
                layer is not Block || policy is MemoryPolicy.Store or MemoryPolicy.Checkpoint || index > 0;
            if (isPossible && (_streams || policy != MemoryPolicy.Compress))
            {
                yield return (policy, false, false);
                if (_engine.CanAbsorbInput(index) && policy is MemoryPolicy.Store or MemoryPolicy.Checkpoint)
                {
                    yield return (policy, false, true);
                }
            }
            // Behind a stream, an inverted block keeps its input as one with a checkpoint does.
            if (_streams && index > 0 && !(layer is Block && policy == MemoryPolicy.Invert))
            {
                yield return (policy, true, false);
            }
        }
    }

    private MemoryPlan Uniform(MemoryPolicy policy) =>
        new() { Policy = policy, CompressBits = _plan.CompressBits, Slab = _plan.Slab };

    private LayerOption Measure(int index, MemoryPolicy policy, bool fromStream, bool isUniform)
    {
        Layer layer = _net.Layers[index];
        MemoryPlan uniform = MemoryPlan.Uniform.Select(Uniform).First(plan => plan.For(layer) == policy);
        MemoryPolicy[] blocks = [.. _net.Layers.OfType<Block>().Select(_ => uniform.Policy)];
        _engine.Plan = _engine.CanAbsorbInput(index) && !isUniform
            ? uniform with { Policy = MemoryPolicy.Auto, Blocks = blocks }
            : uniform;
        _engine.Inversion = _inversion with { Tolerance = 0, MaximumEvaluations = Evaluations };
        Arena memory = _backend.Memory;
        // The tensor of a skip connection that the layer joins is kept by another.
        long before = memory.Use.Total + SkipBytes(layer as TransposedTransition);
        memory.ResetPeaks();
        (long kept, long forward, bool toStream, bool keepsInput) = Pass(index, fromStream);
        long backward = memory.TotalPeak - before;
        // Nothing is recomputed through the last layer.
        long replay = index == Last ? 0 : kept + Recompute(index, keepsInput);
        _engine.Inversion = _inversion;
        // What comes first pays for generated code, first-touched pages and the choice of
        // algorithms, and says how many evaluations are to be expected.
        Copies(index, fromStream);
        Pass(index, fromStream);
        _engine.Inverter.Plan.Measure(_engine.Records);
        double copies = Median(_backend.Time(Repeats, () => Copies(index, fromStream)));
        double milliseconds = Median(_backend.Time(Repeats, () => Pass(index, fromStream)));
        return new LayerOption(
            policy, fromStream, toStream, kept, Math.Max(forward - before, backward),
            Math.Max(0, milliseconds - copies))
        { BackwardBytes = backward, ReplayBytes = replay, IsUniform = isUniform };
    }

    // Its forward pass, which keeps nothing but the tensor of a skip connection.
    private LayerOption MeasureFrozen(int index)
    {
        Arena memory = _backend.Memory;
        long before = memory.Use.Total + SkipBytes(_net.Layers[index] as TransposedTransition);
        memory.ResetPeaks();
        long kept = Through(index);
        long working = memory.TotalPeak - before;
        long replay = kept + Recompute(index, keepsInput: index == 0);
        Copies(index, fromStream: false);
        double copies = Median(_backend.Time(Repeats, () => Copies(index, fromStream: false)));
        double milliseconds = Median(_backend.Time(Repeats, () => Through(index)));
        return new LayerOption(
            MemoryPolicy.Checkpoint, FromStream: false, ToStream: false, kept, working,
            Math.Max(0, milliseconds - copies))
        { ReplayBytes = replay, IsFrozen = true };
    }

    // Bytes that the forward pass of a frozen layer keeps.
    private long Through(int index)
    {
        Arena memory = _backend.Memory;
        Skip? joined = Join(index);
        long before = memory.Use.Total;
        Tensor y = _engine.ForwardThrough(index, Input(index));
        _engine.FreeWrittenBeside(index);
        long kept = memory.Use.Total - before - Arena.Rounded(y.Bytes);
        Free(y);
        joined?.Free(memory);
        (_net.Layers[index] as StridedTransition)?.Skip?.Free(memory);
        _engine.Forget();
        return kept;
    }

    /// <summary>
    /// Forward and backward through one layer. Results: bytes that it kept in between, the peak up
    /// to there, whether it left a stream, and whether its input was kept. Afterwards
    /// the arena has the peak of the backward pass.
    /// </summary>
    private (long Kept, long Peak, bool ToStream, bool KeepsInput) Pass(int index, bool fromStream)
    {
        Arena memory = _backend.Memory;
        Skip? joined = Join(index);
        long before = memory.Use.Total;
        Tensor x = Input(index);
        if (fromStream)
        {
            _engine.Stream.Begin(x);
        }
        if (index == Last)
        {
            _objective.Begin(_targets);
        }
        Tensor y = _engine.ForwardThrough(index, x);
        if (index == Last)
        {
            _objective.Differentiate(y, _targets, _losses);
        }
        (bool toStream, bool keepsInput) = (_engine.Stream.IsLive, _engine.KeepsInput(index));
        if (toStream)
        {
            // The backward pass knows the output only as it was decoded.
            memory.Free(y);
            y = _engine.Stream.Take();
        }
        _engine.FreeWrittenBeside(index);
        long kept = memory.Use.Total - before - Arena.Rounded(y.Bytes);
        long peak = memory.TotalPeak;
        memory.ResetPeaks();
        if (_net.Layers[index] is StridedTransition { Skip: { } skip })
        {
            skip.Gradient = Copy(skip.Sample);
        }
        // The gradient of the logits takes their memory.
        Tensor gradient = index == Last ? y : Copy(_net.Layers[index].Output);
        y = index == Last ? default : y;
        _engine.MakeGradient(index, gradient);
        _engine.BackwardThrough(index, ref y, ref gradient);
        _net.Work.Finish();
        _engine.FreeWrittenBeside(index);
        Free(index > 0 ? y : default);
        Free(gradient);
        joined?.Free(memory);
        _objective.End();
        return (kept, peak, toStream, keepsInput);
    }

    // The connection that a layer joins, with something to join.
    private Skip? Join(int index)
    {
        Skip? skip = (_net.Layers[index] as TransposedTransition)?.Skip;
        skip?.Value = Copy(skip.Sample);
        return skip;
    }

    private long SkipBytes(TransposedTransition? join) => join is null ? 0 : BatchBytes(join.Skip.Sample);

    /// <summary>
    /// Bytes that a forward pass works with when it saves nothing. A kept input, which it leaves
    /// alone, is not counted.
    /// </summary>
    private long Recompute(int index, bool keepsInput)
    {
        Layer layer = _net.Layers[index];
        Arena memory = _backend.Memory;
        Join(index);
        Tensor x = Input(index);
        long before = memory.Use.Total - (keepsInput ? 0 : Arena.Rounded(x.Bytes));
        memory.ResetPeaks();
        SavedTensors none = default;
        Tensor y = layer.Forward(x, keepsInput ? ForwardMode.Keep : ForwardMode.Consume, ref none);
        layer.ReleaseWeights();
        long working = memory.TotalPeak - before;
        Free(y);
        Free(keepsInput && index > 0 ? x : default);
        return working;
    }

    // What the passes take longer than a step does: inputs and gradients are there.
    private void Copies(int index, bool fromStream)
    {
        Join(index)?.Free(_backend.Memory);
        Tensor x = Input(index);
        if (fromStream)
        {
            _engine.Stream.Begin(x);
            Free(_engine.Stream.Take());
        }
        Free(index > 0 ? x : default);
        Free(index == Last ? default : Copy(_net.Layers[index].Output));
    }

    private Tensor Input(int index) => index == 0 ? _input : Copy(_net.Layers[index].Input);

    private long BatchBytes(Shape sample) => Arena.Rounded(sample.WithBatch(_input.Shape.Batch).Count * sizeof(float));

    private Tensor Copy(Shape sample)
    {
        Shape shape = sample.WithBatch(_input.Shape.Batch);
        Tensor copy = _backend.Memory.Allocate(shape, ElementType.Float32, MemoryPurpose.Activations);
        for (long start = 0; start < copy.Count; start += _numbers.Count)
        {
            Shape part = new((int)Math.Min(_numbers.Count, copy.Count - start));
            _backend.Cast(_numbers.Slice(0, part), copy.Slice(start, part));
        }
        return copy;
    }

    private void Free(Tensor tensor)
    {
        if (!tensor.IsEmpty)
        {
            _backend.Memory.Free(tensor);
        }
    }

    private static double Median(double[] milliseconds) => milliseconds.Order().ElementAt(Repeats / 2);

    // Layers of one form cost the same: the shapes, and what the layers beside them take or give.
    private readonly record struct Form(
        Type Type, Shape Input, string Parameters, bool HasGradient, bool Absorbs, bool IsFrozen);
}
