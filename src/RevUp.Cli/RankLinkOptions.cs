using RevUp.Planning;

namespace RevUp.Cli;

/// <summary>Options for a forecast of a step on ranks.</summary>
internal sealed class RankLinkOptions
{
    // Of eight GPUs on one machine, and of a fast network between a few.
    private const double UsualLatency = 30;

    private readonly Option<int?> _ranks = Usage.Option<int?>(
        "--ranks", "N", "Forecast the step of N ranks, which share its passes; needs --bandwidth.");

    private readonly Option<double?> _bandwidth = Usage.Option<double?>(
        "--bandwidth", "GB/S", "Bandwidth of each rank for sums over ranks, in 10^9 bytes a second.");

    private readonly Option<double?> _latency = Usage.Option<double?>(
        "--latency", "MICROSECONDS", "Latency of a message between ranks; 30 by default.");

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        command.Add(_ranks);
        command.Add(_bandwidth);
        command.Add(_latency);
    }

    /// <summary>The network between the ranks; null without options.</summary>
    /// <exception cref="ConfigurationException">
    /// One is missing, or a value is outside its range.
    /// </exception>
    public RankLink? Read(ParseResult arguments)
    {
        (int? ranks, double? bandwidth, double? latency) =
            (arguments.GetValue(_ranks), arguments.GetValue(_bandwidth), arguments.GetValue(_latency));
        if (ranks is null && bandwidth is null && latency is null)
        {
            return null;
        }
        ConfigurationException.Require(
            ranks is not null && bandwidth is not null,
            $"a forecast for ranks needs --ranks and --bandwidth; for example --ranks 8 --bandwidth 12 for a network "
            + $"of 100 Gbit/s");
        RankLink link = new(ranks!.Value, bandwidth!.Value, latency ?? UsualLatency);
        link.Validate();
        return link;
    }
}
