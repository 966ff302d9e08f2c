namespace RevUp.Cli;

/// <summary>
/// The option that gives a training step a budget of memory, with the policy "auto".
/// </summary>
internal sealed class MemoryBudgetOption : Option<string?>
{
    public MemoryBudgetOption()
        : base("--memory-budget")
    {
        Description =
            "Choose the fastest policies with which a step takes at most BYTES of memory (parameters, gradients, "
            + "optimiser, activations, workspace). Short for --set reversible.policy=auto --set "
            + "reversible.memoryBudget=BYTES.";
        HelpName = "BYTES";
        Validators.Add(result =>
        {
            foreach (Token word in result.Tokens.Where(word => !ByteCount.TryParse(word.Value, out _)))
            {
                result.AddError($"'{word.Value}' is not {ByteCount.Allowed}.");
            }
        });
    }

    /// <summary>Changes that the option makes to a recipe.</summary>
    public string[] Overrides(ParseResult arguments) =>
        arguments.GetValue(this) is string text && ByteCount.TryParse(text, out long bytes)
            ?
            [
                "reversible.policy=auto",
                string.Create(CultureInfo.InvariantCulture, $"reversible.memoryBudget={bytes}"),
            ]
            : [];
}
