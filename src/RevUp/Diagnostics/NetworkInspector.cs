using RevUp.Backends;
using RevUp.Data;
using RevUp.Layers;
using RevUp.Models;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Diagnostics;

/// <summary>
/// Looks at a network block by block: inverts each from its exact output, on data. Nothing is kept:
/// memory does not grow with depth.
/// </summary>
internal sealed class NetworkInspector : DeviceObject
{
    private readonly RevUpNet _net;
    private readonly FixedPointInversion _usual;
    private readonly FixedPointInversion _exact;
    private readonly Tensor _statistics;
    private readonly double[] _contractions;
    private readonly double[] _residuals;
    private readonly int[] _evaluations;

    private NetworkInspector(RevUpNet net, InversionSettings settings)
        : base(net.Backend)
    {
        int blocks = net.Blocks.Count;
        _net = net;
        _usual = Own(new FixedPointInversion(Backend, settings, blocks));
        _exact = Own(new FixedPointInversion(Backend, settings with { Tolerance = InversionSettings.Exact }, blocks));
        _statistics = Own(new Shape(2), ElementType.Float64, MemoryPurpose.Workspace);
        (_contractions, _residuals, _evaluations) = (new double[blocks], new double[blocks], new int[blocks]);
        Array.Fill(_contractions, double.NaN);
    }

    /// <summary>
    /// Measures every block. The network's parameters, gradients and state stay as they are.
    /// </summary>
    /// <param name="net">A network with Lipschitz control.</param>
    /// <param name="data">Samples; the first ones are used.</param>
    /// <param name="normalization">Normalisation of the training set.</param>
    /// <param name="settings">When inversions stop.</param>
    /// <param name="batches">
    /// Samples of one pass, at most those there are, and their framing, such as
    /// <see cref="Recipes.Recipe.EvaluationBatches"/>.
    /// </param>
    /// <param name="images">Samples in all, at most those there are; one batch by default.</param>
    /// <exception cref="ConfigurationException">
    /// The network has no Lipschitz control, so that its blocks have no inverse.
    /// </exception>
    public static Inspection Inspect(
        RevUpNet net, ImageDataset data, ChannelNormalization normalization, InversionSettings settings,
        BatchLoaderOptions batches, int? images = null)
    {
        ArgumentNullException.ThrowIfNull(net);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(normalization);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(batches);
        using Driving driving = net.Drive();
        ConfigurationException.Require(
            net.Settings.Lipschitz.Mode != LipschitzMode.None,
            $"model.lipschitz.mode is 'none': this network's blocks are not invertible, so there is nothing to "
            + $"inspect");
        int wanted = images ?? batches.BatchSize;
        int seen = 0;
        using BatchLoader loader = new(
            data, normalization, batches with { BatchSize = Math.Min(batches.BatchSize, wanted) });
        using NetworkInspector inspector = new(net, settings);
        foreach (Batch batch in loader.Epoch(0).TakeWhile(_ => seen < wanted))
        {
            int count = Math.Min(wanted - seen, batch.Count);
            inspector.Pass(batch.Pixels.Slice(0, (int)(count * net.Sample.Count)), count);
            seen += count;
        }
        return new Inspection(
            seen, settings.Tolerance, [.. net.Blocks.Where(block => block.IsInvertible).Select(inspector.Report)]);
    }

    private void Pass(BatchPixels pixels, int count)
    {
        _net.PrepareInference(count);
        Arena memory = Memory;
        long mark = memory.Mark();
        try
        {
            Tensor x = memory.Allocate(_net.Sample.WithBatch(count), ElementType.Float32, MemoryPurpose.Activations);
            pixels.Upload(Backend, x);
            SavedTensors none = default;
            foreach (Layer layer in _net.Layers)
            {
                x = layer.Forward(x, ForwardMode.Consume, ref none);
                if (layer is InvertibleBlock { IsInvertible: true } block)
                {
                    Measure(block, x);
                }
                layer.ReleaseWeights();
            }
            memory.Free(x);
        }
        catch
        {
            _net.Abandon();
            memory.FreeSince(mark);
            throw;
        }
    }

    private void Measure(InvertibleBlock block, Tensor y)
    {
        (int index, double residual) = (block.Index, Invert(block, y, _usual));
        Invert(block, y, _exact);
        _residuals[index] = Math.Max(_residuals[index], residual);
        _evaluations[index] = Math.Max(_evaluations[index], _usual.Records[index].Evaluations);
        // The larger one that is a number.
        _contractions[index] = double.MaxNumber(_contractions[index], _exact.Records[index].Contraction);
    }

    // The residual of the rebuilt input; y stays.
    private double Invert(InvertibleBlock block, Tensor y, FixedPointInversion inversion)
    {
        Arena memory = Memory;
        Tensor given = memory.Allocate(y.Shape, ElementType.Float32, MemoryPurpose.Activations);
        Backend.Cast(y, given);
        SavedTensors saved = default;
        Tensor x = inversion.Solve(block, given, ref saved, out Tensor point);
        if (x.IsEmpty)
        {
            memory.Free(given);
            return inversion.Records[block.Index].Residual;
        }
        saved.Free(memory);
        memory.Free(point);
        Tensor z = block.Branch.Evaluate(x, save: false, ref saved);
        Backend.FixedPointStep(0, y, z, block.Branch.Multiplier, x, x, _statistics);
        memory.Free(z);
        memory.Free(x);
        Span<double> sums = stackalloc double[2];
        Backend.Download(_statistics, sums);
        return sums[1] > 0 ? Math.Sqrt(sums[0] / sums[1]) : Math.Sqrt(sums[0]);
    }

    private BlockReport Report(InvertibleBlock block)
    {
        IBranch branch = block.Branch;
        float[] sigmas = new float[branch.Convolutions.Count];
        branch.ReadSigmas(sigmas);
        float[] norms =
            [.. branch.Convolutions.Select(convolution => (float)SpectralNorm.Converged(Backend, convolution))];
        return new BlockReport(
            block.Index,
            block.Name,
            [.. sigmas.Select(s => (double)s)],
            branch.LipschitzLimit,
            branch.LipschitzBound(sigmas),
            branch.LipschitzBound(norms),
            _contractions[block.Index],
            _evaluations[block.Index],
            _residuals[block.Index]);
    }
}
