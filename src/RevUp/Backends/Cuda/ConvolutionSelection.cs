using RevUp.Interop;
using RevUp.Interop.Cudnn;
using RevUp.Tensors;

namespace RevUp.Backends.Cuda;

/// <summary>
/// Chooses the algorithm of a pass: the one that an earlier run chose; else the fastest of cuDNN's
/// that prove themselves; else our own. What is refused is said.
/// </summary>
internal sealed class ConvolutionSelection(
    ConvolutionDevice device, ConvolutionGeometry geometry, ConvolutionPasses passes)
{
    /// <summary>The algorithm of a pass; null for our own.</summary>
    /// <exception cref="ConfigurationException">Our own is wrong, too.</exception>
    public CudnnAlgorithm? Choose(ConvolutionPass pass)
    {
        IReadOnlyList<CudnnAlgorithm> algorithms = passes.Algorithms(pass, out long least);
        string convolution = $"{Name(pass)} of {passes.Native.ToString()}";
        if (algorithms.Count > 0 && device.Choices.Find(convolution, algorithms) is >= 0 and var place)
        {
            return algorithms[place];
        }
        // Nothing can be computed and looked at while work is recorded.
        using ConvolutionProof? proof = device.Queue.IsRecording ? null : ConvolutionProof.Create(
            device, geometry, pass, passes,
            Math.Max(
                passes.WorkspaceBytes(pass, null),
                algorithms.Select(algorithm => passes.WorkspaceBytes(pass, algorithm)).DefaultIfEmpty().Max()));
        if (proof is null)
        {
            device.Options.Say(
                $"{convolution} is not checked: the device has not enough memory beside the tensors, or records a "
                + "graph.");
            return algorithms.Count > 0 ? algorithms[0] : null;
        }
        CudnnAlgorithm[] proven = [.. algorithms.Where(algorithm => IsProven(proof, convolution, algorithm))];
        if (proven.Length > 0)
        {
            CudnnAlgorithm fastest = proven.Length == 1 ? proven[0] : proven.MinBy(proof.Milliseconds);
            device.Choices.Add(convolution, fastest);
            return fastest;
        }
        SayWhy(convolution, algorithms.Count, least);
        string? problem = proof.Problem(null);
        ConfigurationException.Require(
            problem is null,
            $"the device '{device.Queue.Driver.Device.Name}' computes no convolution right: RevUp's own {problem} for "
            + $"{convolution}; update its driver, or use another device");
        return null;
    }

    /// <summary>fprop, dgrad or wgrad.</summary>
    public static string Name(ConvolutionPass pass) => pass switch
    {
        ConvolutionPass.Forward => "fprop",
        ConvolutionPass.BackwardData => "dgrad",
        _ => "wgrad",
    };

    private bool IsProven(ConvolutionProof proof, string convolution, CudnnAlgorithm algorithm)
    {
        string? problem = proof.Problem(algorithm);
        if (problem is not null)
        {
            device.Options.Say(
                $"algorithm {algorithm.Number} of cuDNN {CudnnLibrary.Version} {problem} for {convolution}, and is not "
                + "used.");
        }
        return problem is null;
    }

    // Nothing where cuDNN was left out: that was said, or asked for.
    private void SayWhy(string convolution, int offered, long least)
    {
        if (!passes.HasCudnn)
        {
            return;
        }
        string why = offered > 0 ? "no right algorithm"
            : least > 0 ? $"no algorithm with a workspace of at most {device.WorkspaceLimit} bytes (the least is "
                + $"{least}; --workspace allows more)"
            : "no deterministic algorithm";
        device.Options.Say(
            $"cuDNN {CudnnLibrary.Version} has {why} for {convolution}: RevUp's own, which is slower, takes its "
            + "place.");
    }
}
