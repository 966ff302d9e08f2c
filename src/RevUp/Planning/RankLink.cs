using RevUp.Tensors;

namespace RevUp.Planning;

/// <summary>The network between ranks, for a forecast.</summary>
/// <param name="Ranks">N.</param>
/// <param name="Gigabytes">Bandwidth of each rank, 10⁹ bytes a second.</param>
/// <param name="Microseconds">Latency of a message.</param>
internal sealed record RankLink(int Ranks, double Gigabytes, double Microseconds)
{
    /// <summary>
    /// Milliseconds of a sum over all ranks: a ring moves 2 (N − 1) / N of the bytes through each.
    /// </summary>
    public double Sum(double bytes) =>
        1e-3 * Microseconds + 2 * bytes * (Ranks - 1) / Ranks / (1e6 * Gigabytes);

    /// <summary>Throws when a value is outside its range.</summary>
    /// <exception cref="ConfigurationException">Names the value and the range.</exception>
    public void Validate()
    {
        ConfigurationException.Require(Ranks is >= 2 and <= 65_536, $"--ranks is {Ranks}; use 2 to 65536");
        ConfigurationException.Require(
            double.IsFinite(Gigabytes) && Gigabytes > 0, $"--bandwidth is {Gigabytes}; use a positive number of GB/s");
        ConfigurationException.Require(
            double.IsFinite(Microseconds) && Microseconds >= 0,
            $"--latency is {Microseconds}; use a number of microseconds");
    }
}
