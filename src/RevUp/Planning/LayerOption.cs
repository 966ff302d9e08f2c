using RevUp.Reversible;

namespace RevUp.Planning;

/// <summary>What one layer takes under one policy.</summary>
/// <param name="Policy">The policy.</param>
/// <param name="FromStream">Whether a compressed stream (<see cref="CompressedStream"/>) is live before the layer.</param>
/// <param name="ToStream">Whether one is live behind it.</param>
/// <param name="KeptBytes">What its forward pass leaves for its backward pass.</param>
/// <param name="WorkingBytes">The most bytes live at once in either of its passes, beyond what the layers before it have kept; its own are counted.</param>
/// <param name="Milliseconds">Of both passes.</param>
internal readonly record struct LayerOption(
    MemoryPolicy Policy, bool FromStream, bool ToStream, long KeptBytes, long WorkingBytes, double Milliseconds);
