using RevUp.Models;
using RevUp.Planning;

namespace RevUp.Cli.Output;

/// <summary>A plan of policies in words.</summary>
internal static class PlanText
{
    /// <summary>
    /// Describes the policies of each stage's blocks, and the expected memory and time. A plan with
    /// one policy gives no text.
    /// </summary>
    public static void Write(Terminal terminal, ModelSettings model, MemoryPlan plan, MemoryForecast? forecast)
    {
        if (plan.Policy != MemoryPolicy.Auto)
        {
            return;
        }
        terminal.Note(forecast is null
            ? "policies as planned before:"
            : $"policies for {Format.MiB(forecast.BudgetBytes)} MiB, by measured costs: "
                + $"{Words(forecast.Step)} expected");
        if (forecast is { Step: { } planned } && planned.ReplayPeakBytes > planned.PeakBytes
            && plan.Blocks.Contains(MemoryPolicy.Invert))
        {
            terminal.Note($"  where an inversion is refused: at most {Format.MiB(planned.ReplayPeakBytes)} MiB");
        }
        if (plan.Slab > 0)
        {
            terminal.Note($"  slabs of {Format.Count(plan.Slab)} planes of a sample");
        }
        int first = 0;
        for (int s = 0; s < model.Stages.Count; s++)
        {
            Part($"stage {s}", model.Stages[s].Blocks);
        }
        for (int s = model.Stages.Count - 2; s >= 0 && model.DecoderBlocksOf(s) > 0; s--)
        {
            Part($"decoder {s}", model.DecoderBlocksOf(s));
        }
        foreach ((MemoryPolicy policy, StepForecast step) in
            forecast?.Uniform ?? new Dictionary<MemoryPolicy, StepForecast>())
        {
            terminal.Note($"  {Format.Name(policy)} alone: {Words(step)}");
        }

        void Part(string name, int blocks)
        {
            IEnumerable<string> counts = plan.Blocks.Skip(first).Take(blocks).GroupBy(policy => policy)
                .OrderBy(group => group.Key)
                .Select(group => $"{Format.Count(group.Count())} {Format.Name(group.Key)}");
            terminal.Note($"  {name}: {string.Join(", ", counts)}");
            first += blocks;
        }
    }

    private static string Words(StepForecast step) =>
        $"at most {Format.MiB(step.PeakBytes)} MiB at the peak, {Format.Milliseconds(step.Milliseconds)} ms a step";
}
