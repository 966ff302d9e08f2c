// The plots of the studies: reads one chart a line, in JSON, from standard input, and writes each
// as a PNG file. Needs no display.
using System.Text.Json;
using Plotter;
using ScottPlot;

// Twice what a README shows, for screens with as many pixels.
const float Scale = 2;
const int Width = 760;
const int Height = 420;

while (Console.In.ReadLine() is string line)
{
    Chart chart = JsonSerializer.Deserialize<Chart>(line)!;
    using Plot plot = new();
    double top = 1.05 * chart.Series.Max(series => series.Y.Max());
    double end = chart.Series.Max(series => series.X.Max());
    double[] places = LabelPlaces.Spread([.. chart.Series.Select(series => series.Y[^1])], gap: top / 20, top);
    for (int i = 0; i < chart.Series.Length; i++)
    {
        Series series = chart.Series[i];
        var points = plot.Add.Scatter(series.X, series.Y);
        points.LineWidth = 2.5f;
        points.MarkerSize = 7;
        // Named where the line ends, in its colour: a legend would hide lines, or be far from them.
        var label = plot.Add.Text(series.Name, end * 1.02, places[i]);
        label.LabelFontColor = points.Color;
        label.LabelFontSize = 14;
        label.LabelBold = true;
        label.LabelAlignment = Alignment.MiddleLeft;
    }
    plot.Title(chart.Title, size: 15);
    plot.XLabel(chart.XLabel, size: 14);
    plot.YLabel(chart.YLabel, size: 14);
    plot.Axes.SetLimits(0, end * 1.3, 0, top);
    plot.HideGrid();
    plot.Axes.Right.IsVisible = plot.Axes.Top.IsVisible = false;
    plot.ScaleFactor = Scale;
    plot.SavePng(chart.Path, (int)(Scale * Width), (int)(Scale * Height));
}
