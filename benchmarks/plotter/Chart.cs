namespace Plotter;

/// <summary>Lines through points over one x axis; both axes begin at 0.</summary>
internal sealed record Chart(string Path, string Title, string XLabel, string YLabel, Series[] Series);

/// <summary>One line.</summary>
internal sealed record Series(string Name, double[] X, double[] Y);
