namespace RevUp.Cli;

/// <summary>An option that names steps of a run.</summary>
internal sealed class StepWindowOption : Option<StepWindow?>
{
    public StepWindowOption(string name, string description)
        : base(name)
    {
        Description = description;
        HelpName = "FIRST:LAST";
        CustomParser = argument =>
        {
            if (!StepWindow.TryParse(argument.Tokens[0].Value, out StepWindow? window))
            {
                argument.AddError($"'{argument.Tokens[0].Value}' is not {StepWindow.Allowed}.");
            }
            return window;
        };
    }
}
