namespace RevUp.Benchmarks.Studies;

/// <summary>One training step of a U-Net on a cube, in a process of its own.</summary>
/// <param name="Contender">Its name.</param>
/// <param name="Edge">Voxels along every axis.</param>
/// <param name="Sample">The measured step.</param>
/// <param name="Origin">Command, machine and sources.</param>
internal sealed record UNetRow(string Contender, int Edge, UNetSample Sample, Origin Origin) : IMeasured;

/// <summary>A step as its process saw it. The peer leaves out what it does not have.</summary>
/// <param name="ProcessorSeconds">Of all threads, which other work changes little.</param>
/// <param name="Parameters">Trainable numbers.</param>
/// <param name="ProcessPeakBytes">VmHWM since the process began.</param>
/// <param name="ArenaPeakBytes">The most of all purposes at once; 0 for the peer.</param>
/// <param name="ActivationPeakBytes">The most of activations at once; 0 for the peer.</param>
/// <param name="MeanEvaluations">k; 0 when nothing was inverted.</param>
internal sealed record UNetSample(
    double ProcessorSeconds, long Parameters, long ProcessPeakBytes, long ArenaPeakBytes = 0,
    long ActivationPeakBytes = 0, double MeanEvaluations = 0);
