namespace RevUp.Backends;

/// <summary>
/// Numbers of planes along the outermost axis (D in 3-D, H in 2-D), from the first to before the
/// end. Planes before 0 or behind a sample's last one are its padding.
/// </summary>
internal readonly record struct PlaneRun(int First, int End)
{
    /// <summary>Number of planes.</summary>
    public int Count => End - First;

    /// <summary>Whether there are none.</summary>
    public bool IsEmpty => End <= First;

    /// <summary>The planes that a sample of <paramref name="depth"/> planes has.</summary>
    public PlaneRun Within(int depth) => new(Math.Clamp(First, 0, depth), Math.Clamp(End, 0, depth));
}
