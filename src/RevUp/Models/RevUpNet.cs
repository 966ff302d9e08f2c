using RevUp.Backends;
using RevUp.Data;
using RevUp.Interop.Nvtx;
using RevUp.Layers;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Models;

/// <summary>
/// A residual classifier: stem, stages of blocks with downsampling between them, classifier head.
/// Or a residual U-Net (<see cref="ModelTask.Segmentation"/>), which comes back up through decoders
/// and classifies every position. 2-D and 3-D from the same code.
/// </summary>
/// <example>
/// <code>
/// using CpuBackend backend = new();
/// ModelSettings settings = ModelPresets.Get("revup-38");
/// using RevUpNet net = new(backend, settings, new Shape(1, 32, 32, 3), classes: 10, seed: 1);
/// float[] probabilities = net.Predict(pixels);
/// </code>
/// </example>
public sealed partial class RevUpNet : DeviceObject
{
    private readonly List<Layer> _layers = [];
    private readonly LipschitzSettings _lipschitz;
    private readonly PowerIteration _powerIteration;
    private readonly Func<BranchSite, Branch>? _branches;
    private int _preparedBatch;

    /// <summary>Builds and initialises a network.</summary>
    /// <param name="backend">The device. Its disposal closes the network.</param>
    /// <param name="settings">The network.</param>
    /// <param name="sample">Shape of one image or volume: [1, H, W, C] or [1, D, H, W, C].</param>
    /// <param name="classes">
    /// Number of classes, at least 2; of labels or numbers, at least 1, where the task has these.
    /// </param>
    /// <param name="seed">Of the initial weights.</param>
    /// <param name="branches">
    /// Makes the branch of each block, for <see cref="BranchKind.Custom"/> and no other kind.
    /// </param>
    /// <param name="trained">Layers that are trained; null for all at one rate.</param>
    /// <exception cref="ArgumentException">The shape of a sample has another form.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There are too few classes.</exception>
    /// <exception cref="ConfigurationException">
    /// The settings are invalid or do not fit the sample.
    /// </exception>
    /// <exception cref="ArenaExhaustedException">No memory; nothing stays allocated.</exception>
    public RevUpNet(
        Backend backend, ModelSettings settings, Shape sample, int classes, ulong seed,
        Func<BranchSite, Branch>? branches = null, TrainedLayers? trained = null)
        : this(
            backend, settings, sample, classes, seed, branches, trained ?? new TrainedLayers(), owner: null,
            trains: true)
    {
    }

    private RevUpNet(
        Backend backend, ModelSettings settings, Shape sample, int classes, ulong seed,
        Func<BranchSite, Branch>? branches, TrainedLayers trained, RevUpNet? owner, bool trains)
        : base(backend)
    {
        using Driving driving = Drive();
        ArgumentNullException.ThrowIfNull(settings);
        if (sample.Rank is not (4 or 5) || sample.Batch != 1)
        {
            throw new ArgumentException(
                $"A sample has the shape [1, H, W, C] or [1, D, H, W, C], not {sample}.", nameof(sample));
        }
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, settings.LeastOutputs);
        settings.Validate();
        ConfigurationException.Require(
            settings.Branch != BranchKind.Custom || branches is not null,
            $"model.branch is 'custom', and no factory of branches was given; hand one to the constructor or to Load, "
            + $"as samples/OwnBranch does");
        ConfigurationException.Require(
            settings.Branch == BranchKind.Custom || branches is null,
            $"a factory of branches was given, and model.branch is not 'custom'; set it, or leave the factory out");
        settings = settings.On(backend);
        Settings = settings;
        Sample = sample;
        Classes = classes;
        (_branches, _owner, Trained) = (branches, owner, trained);
        _lipschitz = settings.Lipschitz;
        long mark = backend.Memory.Mark();
        try
        {
            Parameters = Own(new ParameterStore(backend, owner?.Parameters, trains));
            Coefficients = _lipschitz.Mode != LipschitzMode.Adaptive
                ? null
                : owner?.Coefficients
                    ?? Own(new AdaptiveCoefficients(backend, Parameters, _lipschitz, settings.BlockCount));
            Work = Own(new BranchWork(backend, waits: true));
            new NetworkBuilder(backend, Parameters, settings, _layers, Coefficients, branches, Work)
                .Build(sample, classes);
            Blocks = [.. _layers.OfType<InvertibleBlock>()];
            // A view shares what its owner has built, and leaves the norms to it. Norms without
            // vectors stay: of frozen layers, and where nothing trains.
            if (owner is null)
            {
                Mark(trained);
                Parameters.Build(seed);
            }
            IEnumerable<(SpectralNorm Norm, Tensor Sigma)> norms = owner is null
                ? Blocks.SelectMany(block => block.Branch.Norms).Where(entry => entry.Norm.IsIterated)
                : [];
            _powerIteration = Own(new PowerIteration(backend, Parameters, norms, seed));
            if (owner is null && trains)
            {
                ProveBranches();
            }
        }
        catch
        {
            // The backend outlives a network that does not fit. The memory of its layers goes back,
            // and of the layer that failed half-way.
            Dispose();
            backend.Memory.FreeSince(mark);
            throw;
        }
        backend.Adopt(this);
    }

    /// <summary>The device.</summary>
    /// <exception cref="ObjectDisposedException">The network was disposed.</exception>
    public new Backend Backend => base.Backend;

    /// <summary>
    /// Settings that the network was built from, with the precision that the device has decided.
    /// </summary>
    public ModelSettings Settings { get; }

    /// <summary>Shape of one sample.</summary>
    public Shape Sample { get; }

    /// <summary>Number of classes, labels or numbers: outputs of the head.</summary>
    public int Classes { get; }

    /// <summary>All layers, first to last; the last is the head.</summary>
    internal IReadOnlyList<Layer> Layers => _layers;

    /// <summary>
    /// The blocks that are inverted by fixed-point iteration, first to last; none when the network
    /// has another kind.
    /// </summary>
    internal IReadOnlyList<InvertibleBlock> Blocks { get; }

    /// <summary>Weights, scalars and state.</summary>
    internal ParameterStore Parameters { get; }

    /// <summary>
    /// The coefficients of the branches, where each has its own: under
    /// <see cref="LipschitzMode.Adaptive"/> control.
    /// </summary>
    internal AdaptiveCoefficients? Coefficients { get; }

    /// <summary>Work on the factors and weights of all branches.</summary>
    internal BranchWork Work { get; }

    /// <summary>
    /// Whether inference keeps the packed weights of all layers for the next call: for networks
    /// that are not trained and predict few samples at a time, where packing takes nearly as long
    /// as computing. Without it only one layer's weights at a time are packed, so that an
    /// evaluation needs no more memory than a step.
    /// </summary>
    public bool KeepsPackedWeights { get; init; }

    /// <summary>Prepares all layers for a training step: power iterations, factors.</summary>
    /// <param name="batch">Samples of the step.</param>
    /// <param name="step">Steps done so far; the first ones iterate more often.</param>
    /// <exception cref="ArgumentOutOfRangeException">No samples, or negative steps.</exception>
    /// <exception cref="InvalidOperationException">
    /// The network is a view (<see cref="At"/>), or for predictions, and does not train.
    /// </exception>
    public void PrepareStep(int batch, long step)
    {
        using Driving driving = Drive();
        RequireTrainable();
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        Prepare(batch, IterationsAt(step), NetworkUse.Training);
    }

    /// <summary>
    /// Prepares all layers for a further batch of a step where an inference came between; the norms
    /// stay.
    /// </summary>
    /// <param name="batch">Samples of the step.</param>
    internal void ResumeStep(int batch)
    {
        if (_preparedBatch != 0)
        {
            Prepare(batch, iterations: 0, NetworkUse.Training);
        }
    }

    /// <summary>Estimates the norms of weights that came from elsewhere.</summary>
    internal void EstimateNorms()
    {
        using Driving driving = Drive();
        Unprepare();
        _powerIteration.Iterate(_lipschitz.StartIterations);
    }

    /// <inheritdoc cref="Layer.Repeat"/>
    internal void Repeat() => _layers.ForEach(layer => layer.Repeat());

    /// <summary>
    /// Power iterations per convolution before the step that follows <paramref name="step"/>
    /// others.
    /// </summary>
    public int IterationsAt(long step) =>
        step < _lipschitz.StartSteps ? _lipschitz.StartIterations : _lipschitz.Iterations;

    /// <summary>
    /// Prepares all layers for evaluation: the norms stay as training left them. Does nothing when
    /// they are prepared for this batch already.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">No samples.</exception>
    public void PrepareInference(int batch)
    {
        using Driving driving = Drive();
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        if (_preparedBatch != batch)
        {
            Prepare(batch, iterations: 0, KeepsPackedWeights ? NetworkUse.Prediction : NetworkUse.Evaluation);
            _preparedBatch = batch;
        }
    }

    /// <summary>
    /// Frees packed weights because parameters change; the next <see cref="PrepareInference"/>
    /// prepares them again.
    /// </summary>
    public void Invalidate()
    {
        using Driving driving = Drive();
        (_owner ?? this).Unprepare();
    }

    /// <summary>
    /// Logits [N, classes], or [N, (D), H, W, classes] under <see cref="ModelTask.Segmentation"/>,
    /// or numbers [N, outputs] under <see cref="ModelTask.Regression"/>, of a batch of normalised
    /// samples, keeping nothing; the result is the caller's. With
    /// <see cref="ModelSettings.TestTimeFlip"/> the mean for a sample and its mirror image.
    /// </summary>
    /// <param name="pixels">[N, …], channels-last.</param>
    /// <exception cref="ArgumentException">The length is not a multiple of a sample's.</exception>
    /// <exception cref="ArenaExhaustedException">
    /// No memory for the batch; the network stays usable, for smaller ones too.
    /// </exception>
    public Tensor Infer(ReadOnlySpan<float> pixels) => Infer(new BatchPixels(pixels));

    // Of the samples as they are given.
    private Tensor Outputs(BatchPixels pixels, bool features)
    {
        if (pixels.IsEmpty || pixels.Length % Sample.Count != 0)
        {
            throw new ArgumentException(
                $"{pixels.Length} numbers are not a whole number of samples {Sample} of {Sample.Count} numbers each.",
                nameof(pixels));
        }
        int batch = (int)(pixels.Length / Sample.Count);
        using NvtxRange inference = Backend.Range(ProfilerRanges.Inference);
        PrepareInference(batch);
        Arena memory = Backend.Memory;
        long mark = memory.Mark();
        try
        {
            Tensor x = memory.Allocate(Sample.WithBatch(batch), ElementType.Float32, MemoryPurpose.Activations);
            pixels.Upload(Backend, x);
            SavedTensors none = default;
            foreach (Layer layer in _layers)
            {
                using NvtxRange range = Backend.Range(layer.RangeName);
                x = features && layer is ClassifierHead head
                    ? head.Features(x)
                    : layer.Forward(x, ForwardMode.Consume, ref none);
                if (!KeepsPackedWeights)
                {
                    layer.ReleaseWeights();
                }
            }
            return x;
        }
        catch
        {
            Abandon();
            memory.FreeSince(mark);
            throw;
        }
    }

    /// <inheritdoc/>
    protected override void Close(Arena memory)
    {
        _owner?._views.Remove(this);
        foreach (RevUpNet view in _views.ToArray())
        {
            view.Dispose();
        }
        _layers.ForEach(layer => layer.Dispose());
    }

    /// <summary>
    /// Ends inference that failed half-way; its tensors are for the caller to free
    /// (<see cref="Arena.FreeSince"/>).
    /// </summary>
    internal void Abandon()
    {
        Unprepare();
        foreach (StridedTransition transition in _layers.OfType<StridedTransition>())
        {
            transition.Skip?.Forget();
        }
    }

    private void Unprepare()
    {
        _preparedBatch = 0;
        _layers.ForEach(layer => layer.ReleaseWeights());
        _views.ForEach(view => view.Unprepare());
    }

    private void Prepare(int batch, int iterations, NetworkUse use)
    {
        using NvtxRange prepare = Backend.Range(ProfilerRanges.Prepare);
        // Also when it fails half-way.
        Unprepare();
        EstimateFrozenNorms();
        _powerIteration.Iterate(iterations);
        Work.Prepare(use);
        for (int i = 0; i < _layers.Count; i++)
        {
            using NvtxRange range = Backend.Range(_layers[i].RangeName);
            _layers[i].Prepare(batch, i < Frozen && use == NetworkUse.Training ? NetworkUse.Evaluation : use);
        }
        Parameters.Copies.Make();
    }
}
