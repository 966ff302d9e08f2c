using RevUp.Diagnostics;

namespace RevUp.Cli.Output;

/// <summary>
/// A profile for people: a few lines, then tables of parts, layers and operations.
/// </summary>
internal sealed class ProfileTables
{
    private const string Nothing = "-";
    private const double Mega = 1e6;
    private const double Giga = 1e9;

    // Narrower terminals get the columns that matter most.
    private const int Wide = 118;
    private const int BarLength = 10;

    // Further layers, and operations of less than a thousandth of the step, share a row.
    private const int MostLayers = 40;
    private const double LeastShare = 0.001;

    private readonly Terminal _terminal;
    private readonly ProfileDocument _profile;
    private readonly bool _isGpu;
    private readonly bool _isWide;

    private ProfileTables(Terminal terminal, ProfileDocument profile)
    {
        (_terminal, _profile) = (terminal, profile);
        (_isWide, _isGpu) = (terminal.Width >= Wide, profile.Operations.Any(row => row.Launches > 0));
    }

    /// <summary>Writes all of it.</summary>
    public static void Write(Terminal terminal, ProfileDocument profile) =>
        new ProfileTables(terminal, profile).Write();

    private void Write()
    {
        foreach (string line in Head())
        {
            _terminal.WriteLine(line);
        }
        ProfileColumn[] time =
        [
            new("ms", row => Milliseconds(row.Milliseconds)) { IsOfStep = true },
            new("share", row => Number(100 * row.Share, "0.0") + " %") { IsOfStep = true },
        ];
        ProfileColumn[] bar = _terminal.HasColours && _isWide && !_isGpu
            ? [new ProfileColumn("", row => Bar(row.Share)) { IsLeft = true }]
            : [];
        ProfileColumn[] ways =
        [
            new("forward", row => Milliseconds(row.ForwardMilliseconds)),
            new("inversion", row => Milliseconds(row.InversionMilliseconds)),
            new("gradient", row => Milliseconds(row.GradientMilliseconds)),
        ];
        ProfileColumn[] calls =
        [
            new("calls", row => Number(row.Calls, "0")),
            .. _isGpu ? [new ProfileColumn("launches", row => Number(row.Launches, "0"))] : (ProfileColumn[])[],
        ];
        ProfileColumn[] rates =
        [
            new("of copy", row => Percent(row.CopyShare)), new("of matrix", row => Percent(row.MatrixShare)),
        ];
        ProfileColumn[] work = _isWide ? [Bytes(), Flops()] : [];
        Write("part", _profile.Parts, [.. time, .. bar, .. calls, .. work, .. rates]);
        ProfileColumn[] more = _isWide ? [.. calls, .. rates] : [];
        Write("layer", Layers(_profile.Layers), [.. time, .. ways, .. more]);
        Write("operation", Operations(_profile.Operations), [.. time, .. bar, .. calls, .. work, .. rates]);
        foreach (string line in Foot())
        {
            _terminal.WriteLine(line);
        }
    }

    private void Write(string name, IReadOnlyList<ProfileFigures> rows, IReadOnlyList<ProfileColumn> columns)
    {
        Table table = _terminal.NewTable([name, .. columns.Select(column => column.Name)]);
        for (int i = 0; i < columns.Count; i++)
        {
            table.Columns[i + 1].Alignment = columns[i].IsLeft ? Justify.Left : Justify.Right;
        }
        foreach (ProfileFigures row in rows)
        {
            string style = row.Calls > 0 ? "default" : "grey";
            table.AddRow([
                $"[{style}]{Markup.Escape(row.Name)}[/]",
                .. columns.Select(column => column.IsLeft ? column.Text(row) : $"[{style}]{column.Text(row)}[/]"),
            ]);
        }
        ProfileFigures all = Sum("step", rows);
        table.AddRow([
            $"[bold]{all.Name}[/]",
            .. columns.Select(column => column.IsOfStep ? $"[bold]{column.Text(all)}[/]" : ""),
        ]);
        _terminal.WriteLine("");
        _terminal.Write(table);
    }

    private IEnumerable<string> Head()
    {
        MachineRates rates = _profile.Rates!;
        (double least, double most) = (_profile.StepMilliseconds.Min(), _profile.StepMilliseconds.Max());
        string batch = _profile.Accumulate == 1
            ? $"batch {_profile.BatchSize}"
            : $"{_profile.Accumulate} batches of {_profile.BatchSize}";
        yield return $"{_profile.Recipe}: {Format.Blocks(_profile.Blocks)} in {_profile.Precision}, policy "
            + $"{_profile.Policy}, {batch}, on {_profile.Device}";
        yield return $"steps {_profile.FirstStep} to {_profile.LastStep}: {Milliseconds(_profile.Milliseconds)} ms "
            + $"({Milliseconds(least)} to {Milliseconds(most)})";
        if (!double.IsNaN(_profile.PlainMilliseconds))
        {
            yield return "the step before, without marks between operations: "
                + $"{Milliseconds(_profile.PlainMilliseconds)} ms";
        }
        yield return $"copy of {rates.CopyBytes >> 20} MiB: {Number(rates.CopyBytesPerSecond / Giga, "0.0")} GB/s";
        yield return $"matrix product of {4 * rates.Channels} × {rates.Channels} × {rates.Channels} in "
            + $"{rates.Arithmetic}: {Number(rates.FlopsPerSecond / Giga, "0")} GFLOP/s";
        if (_profile.MaxEvaluations > 0)
        {
            yield return $"branch evaluations k of an inversion: {Format.Evaluations(_profile.MeanEvaluations)}, at "
                + $"most {Format.Count(_profile.MaxEvaluations)}";
        }
        yield return _profile.RandomBatch is { } missing
            ? $"data: one random batch, because {missing}"
            : $"data: the host waits for it {Milliseconds(_profile.DataWaitMilliseconds)} ms a step";
    }

    private IEnumerable<string> Foot()
    {
        yield return "";
        yield return "of copy, of matrix: a row's bytes and FLOPs in its time, as shares of the two";
        yield return "rates above; over 100 % where operands stay in a cache. Bytes: every operand";
        yield return "once, an updated one twice. FLOPs: of convolutions alone. Rows without calls:";
        yield return (_isGpu ? "the device waits for the host." : "no operation runs.")
            + " Weights as in mid-run: last convolutions";
        yield return "drawn at random, learning rate 0.";
    }

    private ProfileColumn Bytes()
    {
        bool isSmall = _profile.Operations.Max(row => row.Bytes) < Giga;
        return new(isSmall ? "MB" : "GB", row => Number(row.Bytes / (isSmall ? Mega : Giga), "0.00"));
    }

    private ProfileColumn Flops()
    {
        bool isSmall = _profile.Operations.Max(row => row.Flops) < Giga;
        return new(isSmall ? "MFLOP" : "GFLOP", row => Number(row.Flops / (isSmall ? Mega : Giga), "0.00"));
    }

    private static IReadOnlyList<ProfileFigures> Layers(IReadOnlyList<ProfileFigures> rows)
    {
        ProfileFigures[] layers = [.. rows.Where(row => row.Calls > 0)];
        HashSet<ProfileFigures> kept = [.. layers.OrderByDescending(row => row.Milliseconds).Take(MostLayers)];
        return Shortened(rows, row => row.Calls > 0 && !kept.Contains(row));
    }

    private static IReadOnlyList<ProfileFigures> Operations(IReadOnlyList<ProfileFigures> rows) =>
        Shortened(rows, row => row.Calls > 0 && row.Share < LeastShare);

    private static IReadOnlyList<ProfileFigures> Shortened(
        IReadOnlyList<ProfileFigures> rows, Func<ProfileFigures, bool> isOther)
    {
        ProfileFigures[] others = [.. rows.Where(isOther)];
        return others.Length < 2
            ? rows
            :
            [
                .. rows.Where(row => row.Calls > 0 && !isOther(row)),
                Sum($"{others.Length} others", others),
                .. rows.Where(row => row.Calls == 0),
            ];
    }

    // Rows of several kinds of work have no rate.
    private static ProfileFigures Sum(string name, IReadOnlyList<ProfileFigures> rows) => new(
        name, rows.Sum(row => row.Milliseconds), rows.Sum(row => row.Share), rows.Sum(row => row.GapMilliseconds),
        rows.Sum(row => row.ForwardMilliseconds), rows.Sum(row => row.InversionMilliseconds),
        rows.Sum(row => row.GradientMilliseconds), rows.Sum(row => row.Calls), rows.Sum(row => row.Launches),
        rows.Sum(row => row.Bytes), rows.Sum(row => row.Flops), 0, 0);

    private static string Bar(double share)
    {
        int length = (int)Math.Round(BarLength * share);
        return $"[green]{new string('━', length)}[/][grey]{new string('━', BarLength - length)}[/]";
    }

    private static string Milliseconds(double value) => Number(value, value < 100 ? "0.00" : "0.0");

    private static string Percent(double fraction) =>
        fraction < 0.005 ? Nothing : Number(100 * fraction, "0") + " %";

    private static string Number(double value, string format) =>
        value == 0 ? Nothing : value.ToString(format, CultureInfo.InvariantCulture);

    /// <summary>A column of the tables.</summary>
    private sealed record ProfileColumn(string Name, Func<ProfileFigures, string> Text)
    {
        /// <summary>Whether it is no number.</summary>
        public bool IsLeft { get; init; }

        /// <summary>Whether the last row has the sum.</summary>
        public bool IsOfStep { get; init; }
    }
}
