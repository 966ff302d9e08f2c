using RevUp.Tensors;

namespace RevUp.Inference;

/// <summary>
/// How a <see cref="Predictor"/> forms batches of the calls of
/// <see cref="Predictor.PredictAsync(ReadOnlyMemory{byte}, int, CancellationToken)"/>.
/// </summary>
public sealed class PredictorOptions
{
    /// <summary>Samples of one forward pass, 1 to 4096; 32 by default.</summary>
    public int MaximumBatch { get; init; } = 32;

    /// <summary>
    /// The time that a call waits for others before its batch starts, at most a second. With 0, a
    /// batch takes the calls that have arrived during the batch before; 0 by default.
    /// </summary>
    public TimeSpan BatchDelay { get; init; }

    /// <summary>
    /// Samples that may wait, at least 1; 1,024 by default. A call beyond them fails at once with
    /// <see cref="PredictorBusyException"/>.
    /// </summary>
    public int MaximumQueue { get; init; } = 1024;

    /// <summary>Throws when a number is out of range.</summary>
    /// <exception cref="ConfigurationException">Names the number and the range.</exception>
    public void Validate()
    {
        ConfigurationException.Require(
            MaximumBatch is >= 1 and <= 4096, $"MaximumBatch is {MaximumBatch}; use 1 to 4096");
        ConfigurationException.Require(
            BatchDelay >= TimeSpan.Zero && BatchDelay <= TimeSpan.FromSeconds(1),
            $"BatchDelay is {BatchDelay}; use 0 to 1 second");
        ConfigurationException.Require(MaximumQueue >= 1, $"MaximumQueue is {MaximumQueue}; use 1 or more");
    }
}
