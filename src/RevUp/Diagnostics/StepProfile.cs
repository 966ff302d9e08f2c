namespace RevUp.Diagnostics;

/// <summary>
/// Training steps by part, by layer and by operation. The rows of each list add up to the step.
/// </summary>
/// <param name="Milliseconds">Mean time of a step.</param>
/// <param name="StepMilliseconds">Time of each step.</param>
/// <param name="Parts">Parts of a step, then the gaps.</param>
/// <param name="Layers">
/// The layers in the network's order, then work outside of layers, then the gaps outside of them.
/// </param>
/// <param name="Operations">Kinds of operation, longest first, then the gaps.</param>
internal sealed record StepProfile(
    double Milliseconds, IReadOnlyList<double> StepMilliseconds, IReadOnlyList<ProfileRow> Parts,
    IReadOnlyList<ProfileRow> Layers, IReadOnlyList<ProfileRow> Operations)
{
    /// <summary>Adds up what was measured.</summary>
    /// <param name="layers">Names of the layers.</param>
    /// <param name="steps">Time of each step.</param>
    /// <param name="costs">Sums over all steps.</param>
    public static StepProfile Of(
        IReadOnlyList<string> layers, IReadOnlyList<double> steps, IReadOnlyDictionary<ProfileKey, ProfileCost> costs)
    {
        double all = steps.Sum();
        KeyValuePair<ProfileKey, ProfileCost>[] work = [.. costs.Where(cost => cost.Key.Gap is null)];
        KeyValuePair<ProfileKey, ProfileCost>[] gaps = [.. costs.Where(cost => cost.Key.Gap is not null)];
        // Gaps between operations lie in layers; the host's other activities lie in none.
        KeyValuePair<ProfileKey, ProfileCost>[] issuing =
            [.. gaps.Where(gap => gap.Key.Gap == HostActivity.Issuing)];
        ProfileRow[] waits = [.. Rows(gaps.Except(issuing), key => key.Gap, gap => Text(gap!.Value))];
        return new StepProfile(
            steps.Count == 0 ? 0 : steps.Average(),
            [.. steps],
            [.. Rows(work.Concat(issuing).OrderBy(cost => cost.Key.Part), key => key.Part, Text), .. waits],
            [
                .. Rows(
                    work.Concat(issuing)
                        .OrderBy(cost => cost.Key.Layer < 0 ? layers.Count : cost.Key.Layer)
                        .ThenBy(cost => cost.Key.Part),
                    key => (key.Layer, Part: key.Layer < 0 ? key.Part : default),
                    place => place.Layer < 0 ? Text(place.Part) : layers[place.Layer]),
                .. waits,
            ],
            [
                .. Rows(work, key => key.Operation, name => name).OrderByDescending(row => row.Milliseconds),
                .. Rows(issuing, _ => HostActivity.Issuing, Text),
                .. waits,
            ]);

        IEnumerable<ProfileRow> Rows<T>(
            IEnumerable<KeyValuePair<ProfileKey, ProfileCost>> cells, Func<ProfileKey, T> by, Func<T, string> name) =>
            cells.GroupBy(cell => by(cell.Key)).Select(group => Row(name(group.Key), [.. group]));

        ProfileRow Row(string name, KeyValuePair<ProfileKey, ProfileCost>[] cells)
        {
            double milliseconds = cells.Sum(cell => cell.Value.Milliseconds);
            return new ProfileRow(
                name,
                milliseconds / steps.Count,
                milliseconds / all,
                cells.Where(cell => cell.Key.Gap is not null).Sum(cell => cell.Value.Milliseconds) / steps.Count,
                Mean(cost => cost.Calls),
                Mean(cost => cost.Launches),
                Mean(cost => cost.Bytes),
                Mean(cost => cost.Products))
            {
                Parts = cells.GroupBy(cell => cell.Key.Part).ToDictionary(
                    part => part.Key, part => part.Sum(cell => cell.Value.Milliseconds) / steps.Count),
            };

            double Mean(Func<ProfileCost, double> number) => cells.Sum(cell => number(cell.Value)) / steps.Count;
        }
    }

    private static string Text(StepPart part) => part switch
    {
        StepPart.PowerIteration => "power iteration",
        StepPart.Weights => "weights",
        StepPart.Forward => "forward",
        StepPart.Inversion => "inversion",
        StepPart.Replay => "replay",
        StepPart.Gradient => "gradient",
        StepPart.Optimizer => "optimiser",
        _ => "loss, verdict, copies",
    };

    private static string Text(HostActivity activity) => activity switch
    {
        HostActivity.WaitingForData => "wait for data",
        HostActivity.HandingOver => "hand over the batch",
        HostActivity.Ending => "end of the step",
        _ => "between operations",
    };
}
