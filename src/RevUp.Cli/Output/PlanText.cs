using RevUp.Models;
using RevUp.Planning;
using RevUp.Reversible;

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
        int first = 0;
        for (int s = 0; s < model.Stages.Count; s++)
        {
            IEnumerable<MemoryPolicy> policies = plan.Blocks.Skip(first).Take(model.Stages[s].Blocks);
            IEnumerable<string> counts = policies.GroupBy(policy => policy).OrderBy(group => group.Key)
                .Select(group => $"{Format.Count(group.Count())} {Format.Name(group.Key)}");
            terminal.Note($"  stage {s}: {string.Join(", ", counts)}");
            first += model.Stages[s].Blocks;
        }
        foreach ((MemoryPolicy policy, StepForecast step) in
            forecast?.Uniform ?? new Dictionary<MemoryPolicy, StepForecast>())
        {
            terminal.Note($"  {Format.Name(policy)} alone: {Words(step)}");
        }
    }

    private static string Words(StepForecast step) =>
        $"at most {Format.MiB(step.PeakBytes)} MiB at the peak, {Format.Milliseconds(step.Milliseconds)} ms a step";
}
