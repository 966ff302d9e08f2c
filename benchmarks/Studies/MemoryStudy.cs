using RevUp.Backends.Cpu;
using RevUp.Planning;
using RevUp.Recipes;
using RevUp.Reversible;

namespace RevUp.Benchmarks.Studies;

/// <summary>
/// Peak memory and time of one training step against depth and policy, in 2-D and 3-D; each step in
/// a process of its own.
/// </summary>
internal static class MemoryStudy
{
    /// <summary>The command of the process that measures one step.</summary>
    public const string WorkerName = "measure-memory";

    public static void Run(Arguments arguments)
    {
        int[] depths = arguments.Integers("--blocks", "3,12,48,192");
        MemoryPolicy[] policies = arguments.Policies("store,checkpoint,invert");
        string planar = arguments.Text("--recipe", "fashion-mnist");
        string volume = arguments.Text("--volume", "volume-64");
        int threads = arguments.Integer("--threads", Environment.ProcessorCount);
        arguments.RequireNoOthers();

        Report report = new("Memory of a training step", arguments, threads);
        report.Paragraph(
            """
            One training step on random data (`MemoryProbe`), one process for each row. Zero convolutions are drawn at
            random first, so that every block is at its Lipschitz bound. MiB; `activations` to `workspace` are peaks of
            the arena by purpose, `process` is VmHWM. `step ms` is this one step, with the power iterations of a run's
            first steps; the study `step` measures time.
            """);
        Section(report, planar, depths, policies, threads);
        Section(report, volume, [Checkout.Recipe(volume).Model.BlockCount], policies, threads);
        report.Write("memory");
    }

    /// <summary>The worker: RECIPE BLOCKS POLICY THREADS.</summary>
    public static void Work(string[] arguments)
    {
        Recipe recipe = Checkout.Recipe(arguments[0]);
        MemoryPolicy policy = Enum.Parse<MemoryPolicy>(arguments[2]);
        Worker.Serve(
            () =>
                MemoryProbe.Measure(
                    recipe, blocks: int.Parse(arguments[1]), policy, () => new CpuBackend(int.Parse(arguments[3]))));
    }

    private static void Section(
        Report report, string recipe, IEnumerable<int> depths, MemoryPolicy[] policies, int threads)
    {
        List<string[]> rows = [];
        foreach (int blocks in depths)
        {
            foreach (MemoryPolicy policy in policies)
            {
                Report.Progress($"{recipe}, {blocks} blocks, {policy} ...");
                using Worker worker = new(Worker.Self(WorkerName, recipe, $"{blocks}", $"{policy}", $"{threads}"));
                rows.Add(MemoryTable.Row(worker.Ask<MemoryRow>()));
            }
        }
        report.Heading(
            $"{recipe}: sample {Checkout.Recipe(recipe).Data.Sample}, batch "
            + $"{Checkout.Recipe(recipe).Training.BatchSize}");
        report.Table(MemoryTable.Columns, rows);
    }
}
