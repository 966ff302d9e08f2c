using RevUp.Reversible;

namespace RevUp.Recipes;

/// <summary>Blocks of a network that follow each other and have one policy.</summary>
internal sealed record PolicyRun
{
    /// <summary>Their policy.</summary>
    public MemoryPolicy Policy { get; init; }

    /// <summary>How many there are.</summary>
    public int Blocks { get; init; } = 1;
}
