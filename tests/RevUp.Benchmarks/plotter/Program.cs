// The plots of the studies: reads one chart a line, in JSON, from standard input, and writes each as a PNG file. Needs no display.
using System.Text.Json;
using Plotter;
using ScottPlot;

while (Console.In.ReadLine() is string line)
{
    Chart chart = JsonSerializer.Deserialize<Chart>(line)!;
    using Plot plot = new();
    foreach (Series series in chart.Series)
    {
        var points = plot.Add.Scatter(series.X, series.Y);
        points.LegendText = series.Name;
        points.LineWidth = 2;
        points.MarkerSize = 7;
    }
    plot.Title(chart.Title);
    plot.XLabel(chart.XLabel);
    plot.YLabel(chart.YLabel);
    plot.Axes.AutoScale();
    plot.Axes.SetLimitsY(0, plot.Axes.GetLimits().Top);
    plot.ShowLegend(Alignment.UpperLeft);
    plot.SavePng(chart.Path, width: 720, height: 440);
}
