using RevUp.Planning;
using RevUp.Recipes;
using RevUp.Reversible;

namespace RevUp.Benchmarks.Studies;

/// <summary>
/// Activation memory and time of a training step against depth, on a device of its own memory.
/// </summary>
internal static class GpuDepthStudy
{
    public static void Run(Arguments arguments)
    {
        Device device = Device.From(arguments);
        Recipe recipe = device.Recipe(arguments, "imagenet-revup-50");
        recipe = recipe with { Training = recipe.Training with { BatchSize = arguments.Integer("--batch", 32) } };
        int[] depths = arguments.Integers("--blocks", "50,100,200,500,1000");
        MemoryPolicy[] policies = arguments.Policies("invert");
        arguments.RequireNoOthers();
        Report report = new("Memory against depth on a device", arguments, device.Open);
        report.Paragraph(
            $"""
            The second of two training steps on random data (`MemoryProbe`): {recipe.Name}, samples
            {recipe.Data.Sample}, batch {recipe.Training.BatchSize}, in {device.Arithmetic(recipe)}. Zero
            convolutions are drawn at random first, so that every block is at its Lipschitz bound. Peaks of the arena by
            purpose in MiB. The time is of one step, with the power iterations of a run's first steps.
            """);
        List<MemoryRow> rows = [];
        foreach (MemoryPolicy policy in policies)
        {
            foreach (int blocks in depths)
            {
                Report.Progress($"{recipe.Name}, {blocks} blocks, {policy} ...");
                rows.Add(MemoryProbe.Measure(recipe, blocks, policy, device.Open));
            }
        }
        report.Table(MemoryTable.Columns, rows.Select(MemoryTable.Row));
        foreach (IGrouping<MemoryPolicy, MemoryRow> group in rows.GroupBy(row => row.Policy))
        {
            long[] peaks = [.. group.Select(row => row.ActivationPeakBytes).Distinct()];
            string verdict = peaks.Length == 1
                ? "the same at every depth, to the byte"
                : $"from {peaks.Min()} to {peaks.Max()} bytes";
            report.Paragraph($"Activations of `{MemoryTable.Name(group.Key)}`: {verdict}.");
        }
        report.Write("gpu-depth");
    }
}
