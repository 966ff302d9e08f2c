using RevUp.Planning;

namespace RevUp.Cli.Output;

/// <summary>Forecasts of steps on ranks as a table.</summary>
internal static class RankTable
{
    /// <summary>Writes the rows that have one, if any.</summary>
    public static void Write(Terminal terminal, IReadOnlyList<MemoryRow> rows)
    {
        if (rows[0].Ranks is not { } first)
        {
            return;
        }
        Table table = terminal.NewTable(
        [
            "blocks", "policy", "pass ms", "messages", "communication ms", "exposed ms", "step ms", "efficiency",
            "exposed if overlapped",
        ]);
        foreach (int column in Enumerable.Range(0, table.Columns.Count).Where(column => column != 1))
        {
            table.Columns[column].RightAligned();
        }
        foreach (MemoryRow row in rows)
        {
            RankForecast ranks = row.Ranks!;
            table.AddRow(
            [
                Format.Count(row.Blocks),
                Format.Name(row.Policy),
                Format.Milliseconds(row.StepMilliseconds),
                Format.Count(ranks.Messages),
                Format.Milliseconds(ranks.CommunicationMilliseconds),
                Format.Milliseconds(ranks.ExposedMilliseconds),
                Format.Milliseconds(ranks.StepMilliseconds),
                Format.Percent(ranks.Efficiency),
                Format.Milliseconds(ranks.OverlappedMilliseconds),
            ]);
        }
        terminal.Write(table);
        string sending = first.Overlaps
            ? "Messages are sent during the backward pass."
            : "Ranks on CPUs send after the backward pass: nothing overlaps.";
        terminal.WriteLine(
            $"Forecast, not measured: {first.Ranks} ranks, passes a rank: {first.Passes}. {sending} Efficiency: the "
            + "share of the step in which ranks compute.");
    }
}
