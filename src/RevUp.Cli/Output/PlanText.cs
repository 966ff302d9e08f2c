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
        foreach (string line in Lines(model, plan))
        {
            terminal.Note("  " + line);
        }
        foreach ((MemoryPolicy policy, StepForecast step) in
            forecast?.Uniform ?? new Dictionary<MemoryPolicy, StepForecast>())
        {
            terminal.Note($"  {Format.Name(policy)} alone: {Words(step)}");
        }
    }

    /// <summary>The slabs, if there are any, and the policies of each stage's blocks.</summary>
    public static IEnumerable<string> Lines(ModelSettings model, MemoryPlan plan)
    {
        if (plan.Slab > 0)
        {
            yield return $"slabs of {Format.Count(plan.Slab)} planes of a sample";
        }
        if (plan.Policy != MemoryPolicy.Auto)
        {
            yield return $"every block: {Format.Name(plan.Policy)}";
            yield break;
        }
        int first = 0;
        for (int s = 0; s < model.Stages.Count; s++)
        {
            yield return Part($"stage {s}", model.Stages[s].Blocks);
        }
        for (int s = model.Stages.Count - 2; s >= 0 && model.DecoderBlocksOf(s) > 0; s--)
        {
            yield return Part($"decoder {s}", model.DecoderBlocksOf(s));
        }

        string Part(string name, int blocks)
        {
            IEnumerable<string> counts = plan.Blocks.Skip(first).Take(blocks).GroupBy(policy => policy)
                .OrderBy(group => group.Key)
                .Select(group => $"{Format.Count(group.Count())} {Format.Name(group.Key)}");
            first += blocks;
            return $"{name}: {string.Join(", ", counts)}";
        }
    }

    /// <summary>Bytes and time of a step in words.</summary>
    public static string Words(StepForecast step) =>
        $"at most {Format.MiB(step.PeakBytes)} MiB at the peak, {Format.Milliseconds(step.Milliseconds)} ms a step";
}
