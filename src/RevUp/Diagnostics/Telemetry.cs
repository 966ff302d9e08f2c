using System.Diagnostics.Metrics;

namespace RevUp.Diagnostics;

/// <summary>
/// Instruments of the meter "RevUp", for dotnet-counters, OpenTelemetry and other listeners.
/// Without a listener, a measurement costs a branch.
/// </summary>
internal static class Telemetry
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "RevUp";

    private static readonly Meter s_meter = new(MeterName);

    /// <summary>Updates of trainings.</summary>
    public static readonly Counter<long> Steps = s_meter.CreateCounter<long>(
        "revup.training.steps", "{step}", "Updates of trainings.");

    /// <summary>Mean k of a step.</summary>
    public static readonly Histogram<double> Evaluations = s_meter.CreateHistogram<double>(
        "revup.training.branch_evaluations", "{evaluation}", "Mean branch evaluations of a block in a step.");

    /// <summary>Inversions that were refused.</summary>
    public static readonly Counter<long> Replays = s_meter.CreateCounter<long>(
        "revup.training.replays", "{inversion}", "Inversions that were refused.");

    /// <summary>Peak bytes of the activations in a step.</summary>
    public static readonly Gauge<long> Activations = s_meter.CreateGauge<long>(
        "revup.training.activation_bytes", "By", "Peak bytes of activations.");

    /// <summary>Samples that wait for predictors.</summary>
    public static readonly UpDownCounter<int> Queue = s_meter.CreateUpDownCounter<int>(
        "revup.predictor.queue", "{sample}", "Samples that wait for predictors.");

    /// <summary>Samples of a forward pass of asynchronous calls, padding included.</summary>
    public static readonly Histogram<int> Batch = s_meter.CreateHistogram<int>(
        "revup.predictor.batch", "{sample}", "Samples of a forward pass.");

    /// <summary>Samples that predictors have computed.</summary>
    public static readonly Counter<long> Samples = s_meter.CreateCounter<long>(
        "revup.predictor.samples", "{sample}", "Samples that predictors have computed.");
}
