using RevUp.Backends;
using RevUp.Data;
using RevUp.Layers;
using RevUp.Lipschitz;
using RevUp.Models;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Diagnostics;

/// <summary>What holds for one block of a trained network.</summary>
/// <param name="Index">Position among the blocks.</param>
/// <param name="Name">Name of the block.</param>
/// <param name="Sigmas">σ of each convolution as last estimated in training.</param>
/// <param name="Bound">|ŝ|·∏(ασ) from those: what the control believes.</param>
/// <param name="ConvergedBound">The same with σ from converged power iteration at the layer's own extents: what is true.</param>
/// <param name="Contraction">Ratio of the last two corrections of an inversion to float32's limit, on data.</param>
/// <param name="Evaluations">k at the given settings.</param>
/// <param name="Residual">Inversion residual at the given settings.</param>
public sealed record BlockReport(
    int Index, string Name, IReadOnlyList<double> Sigmas, double Bound, double ConvergedBound, double Contraction, int Evaluations, double Residual);

/// <summary>Looks at a network block by block, on a batch of data.</summary>
public static class NetworkInspector
{
    /// <summary>One report per block. Parameters and state stay as they are; gradients are added to.</summary>
    /// <param name="net">A network with Lipschitz control.</param>
    /// <param name="data">Samples; the first batch is used.</param>
    /// <param name="normalization">That of the training set.</param>
    /// <param name="settings">When inversions stop.</param>
    /// <param name="batches">Samples used, at most those there are, and their framing, such as <see cref="Training.Recipe.EvaluationBatches"/>.</param>
    /// <exception cref="ConfigurationException">The network has no Lipschitz control, so that its blocks have no inverse.</exception>
    public static IReadOnlyList<BlockReport> Inspect(
        RevUpNet net, ImageDataset data, ChannelNormalization normalization, InversionSettings settings, BatchLoaderOptions batches)
    {
        ConfigurationException.Require(
            net.Settings.Lipschitz.Mode != LipschitzMode.None,
            $"model.lipschitz.mode is 'none': this network's blocks are not invertible, so there is nothing to inspect");
        net.PrepareInference(Math.Min(batches.BatchSize, data.Count));
        InversionRecord[] usual = Invert(net, data, normalization, settings, batches);
        InversionRecord[] exact = Invert(net, data, normalization, settings with { Tolerance = InversionSettings.Exact }, batches);
        return [.. net.Blocks.Select(block => Report(net.Backend, block, usual[block.Index], exact[block.Index]))];
    }

    private static BlockReport Report(Backend backend, InvertibleBlock block, InversionRecord usual, InversionRecord exact)
    {
        ResidualBranch branch = block.Branch;
        float[] sigmas = new float[branch.Convolutions.Count];
        branch.ReadSigmas(sigmas);
        float[] norms = [.. branch.Convolutions.Select(convolution => (float)SpectralNorm.Converged(backend, convolution))];
        return new BlockReport(
            block.Index,
            block.Name,
            [.. sigmas.Select(s => (double)s)],
            branch.LipschitzBound(sigmas),
            branch.LipschitzBound(norms),
            exact.Contraction,
            usual.Evaluations,
            usual.Residual);
    }

    private static InversionRecord[] Invert(
        RevUpNet net, ImageDataset data, ChannelNormalization normalization, InversionSettings settings, BatchLoaderOptions batches)
    {
        Backend backend = net.Backend;
        long mark = backend.Memory.Mark();
        try
        {
            using ReversibleEngine engine = new(backend, net.Layers, new MemoryPlan(), settings);
            using BatchLoader loader = new(data, normalization, batches with { Workers = 1, Prefetch = 1 });
            Batch batch = loader.Epoch(0).First();
            Tensor input = backend.Memory.Allocate(net.Sample.WithBatch(batch.Count), ElementType.Float32, MemoryPurpose.Activations);
            backend.Upload(batch.Pixels, input);
            engine.Backward(engine.Forward(input));
            return engine.Records.ToArray();
        }
        finally
        {
            // The input, and what a pass that failed half-way has left.
            backend.Memory.FreeSince(mark);
        }
    }
}
