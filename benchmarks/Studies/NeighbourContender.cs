using System.Diagnostics;

namespace RevUp.Benchmarks.Studies;

/// <summary>One process of <see cref="NeighboursStudy"/> and what it is compared with.</summary>
/// <param name="Name">Name in the report.</param>
/// <param name="Start">Starts the process, which measures once for every line on its input.</param>
/// <param name="Peer">
/// Name of the contender of the same work by another library; null for that library itself.
/// </param>
internal sealed record NeighbourContender(string Name, ProcessStartInfo Start, string? Peer = null)
{
    /// <summary>Milliseconds of one step or prediction.</summary>
    public Func<Worker, double> Ask { get; init; } = worker => worker.Ask<double>();

    /// <summary>The contender with an environment variable.</summary>
    public NeighbourContender With(string name, string value)
    {
        Start.Environment[name] = value;
        return this;
    }
}
