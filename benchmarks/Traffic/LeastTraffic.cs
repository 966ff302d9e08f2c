using RevUp.Layers;
using RevUp.Models;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Benchmarks.Traffic;

/// <summary>
/// The bytes that a training step must move when fprop, dgrad and wgrad are passes of their own and everything pointwise rides on one of them: a pre-activation
/// is applied to what a convolution loads, a sum or a gradient of it to what it stores. Weights are read once by a pass, their gradients written once.
/// </summary>
/// <param name="batch">Samples.</param>
/// <param name="policy">Of the blocks; transitions and the stem keep their input under each.</param>
/// <param name="evaluations">Mean k under <see cref="MemoryPolicy.Invert"/>.</param>
internal sealed class LeastTraffic(int batch, MemoryPolicy policy, double evaluations)
{
    /// <summary>Bytes of a step of SGD with momentum, which reads weight, gradient and momentum and writes two of them.</summary>
    public double Of(RevUpNet net) => 5 * sizeof(float) * net.Parameters.Count + net.Layers.Select((layer, index) => Of(layer, isFirst: index == 0)).Sum();

    private double Of(Layer layer, bool isFirst) => layer switch
    {
        ResidualBlock { Branch: ResidualBranch branch } => Of(branch),
        ConvolutionLayer or StridedTransition => OfConvolution(layer, isFirst),
        // Pooled: read forward, read for its activation and written backward.
        ClassifierHead => 3 * Bytes(layer.Input),
        _ => throw new StudyException($"The least traffic of '{layer.Name}', a {layer.GetType().Name}, is not known."),
    };

    // Weights are small beside the activations of such a layer and left out; wgrad reads both sides, dgrad the output's, and φ' needs x again.
    private double OfConvolution(Layer layer, bool isFirst)
    {
        double x = Bytes(layer.Input), y = Bytes(layer.Output);
        return x + y + (x + y) + (isFirst ? 0 : 2 * x + y);
    }

    private double Of(ResidualBranch branch)
    {
        IReadOnlyList<Convolution> convolutions = branch.Convolutions;
        double x = Bytes(convolutions[0].Sample.Input);
        double last = convolutions[^1].Weight.Shape.Count * sizeof(float);
        double weights = convolutions.Sum(convolution => (double)convolution.Weight.Shape.Count * sizeof(float));
        // What lies between two convolutions, in the branch's type.
        double[] inner = [.. convolutions.SkipLast(1).Select(c => (double)c.Sample.Output.Count * batch * c.Sample.Type.Size())];
        double forward = 3 * x + 2 * inner.Sum() + weights;
        double recompute = x + 2 * inner.Sum() - inner[^1] + weights - last;
        // y, xⁱ for the branch and for the norm of the step, and xⁱ⁺¹; at first xⁱ is y.
        double inversion = evaluations * (4 * x + 2 * inner.Sum() + weights) - x;
        // Of each convolution: dz twice, its input twice (wgrad, φ') and the input's gradient; the residual rides on the first.
        double backward = 6 * x + 5 * inner.Sum() + 2 * weights;
        return forward + backward + policy switch
        {
            MemoryPolicy.Store => 0,
            MemoryPolicy.Checkpoint => recompute,
            MemoryPolicy.Invert => inversion,
            _ => throw new StudyException($"The least traffic of '{policy}' is not known; use store, checkpoint or invert."),
        };
    }

    private double Bytes(Shape sample) => (double)sample.Count * batch * sizeof(float);
}
