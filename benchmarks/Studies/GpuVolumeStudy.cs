using RevUp.Planning;
using RevUp.Recipes;
using RevUp.Reversible;

namespace RevUp.Benchmarks.Studies;

/// <summary>
/// The largest cubic volume that a 3-D network can be trained on, for each memory policy.
/// </summary>
internal static class GpuVolumeStudy
{
    public static void Run(Arguments arguments)
    {
        Device device = Device.From(arguments);
        Recipe recipe = device.Recipe(arguments, "volume-64");
        MemoryPolicy[] policies = arguments.Policies("store,checkpoint,invert");
        int unit = arguments.Integer("--unit", 16);
        int bound = arguments.Integer("--bound", 2048);
        arguments.RequireNoOthers();
        Report report = new("The largest volume", arguments, device.Open);
        report.Paragraph(
            $"""
            Edge of the largest cube, in multiples of {unit} voxels and to 3 %, of which {recipe.Name} with
            {recipe.Model.BlockCount} blocks in {device.Arithmetic(recipe)} does a training step, batch
            {recipe.Training.BatchSize} (`MemoryProbe`, the second of two steps; zero convolutions drawn at random, so
            that every block is at its Lipschitz bound). Peaks of the arena by purpose in MiB.
            """);
        List<string[]> rows = [];
        List<string> limits = [];
        foreach (MemoryPolicy policy in policies)
        {
            MemoryRow? measured = null;
            (int edge, string limit) = Device.Largest(unit, bound, extent =>
            {
                Report.Progress($"{recipe.Name}, {extent}³, {policy} ...");
                measured = MemoryProbe.Measure(
                    Device.Sized(recipe, extent), recipe.Model.BlockCount, policy, device.Open);
            });
            limits.Add($"`{MemoryTable.Name(policy)}` ends before {limit}.");
            rows.Add([.. MemoryTable.Row(measured!), $"{edge}", $"{Math.Pow(edge, 3) / 1e6:F2}"]);
        }
        report.Table([.. MemoryTable.Columns, "edge", "million voxels"], rows);
        report.Paragraph(string.Join(' ', limits));
        report.Write("gpu-volume");
    }
}
