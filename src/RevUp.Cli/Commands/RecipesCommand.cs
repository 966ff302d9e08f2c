namespace RevUp.Cli.Commands;

/// <summary>
/// <c>revup recipes</c>: the recipes that the tool carries, as a list or one of them in full.
/// </summary>
internal static class RecipesCommand
{
    public static Command Create(Terminal terminal, CommonOptions common)
    {
        Command command = new("recipes", "List the recipes that come with the tool.") { Show(terminal, common) };
        command.SetAction(arguments =>
        {
            RecipeEntry[] entries = [.. RecipeCatalog.Names.Select(name => RecipeCatalog.Load(name, []))
                .Select(recipe => new RecipeEntry(recipe.Name, recipe.Description, recipe.Source))];
            if (arguments.GetValue(common.Json))
            {
                terminal.WriteJson(new RecipesDocument(entries));
                return;
            }
            Table table = terminal.NewTable("recipe").AddColumn("description");
            foreach (RecipeEntry entry in entries)
            {
                table.AddRow(entry.Name, Markup.Escape(entry.Description));
            }
            terminal.Write(table);
        });
        return command;
    }

    private static Command Show(Terminal terminal, CommonOptions common)
    {
        Argument<string> name = Usage.Argument("NAME", "A recipe's name or file.");
        const string Description =
            "Print a recipe with its base written out, to be saved and changed; with --json every member.";
        Command command = new("show", Description) { name };
        command.SetAction(arguments =>
        {
            string chosen = arguments.GetRequiredValue(name);
            string text = arguments.GetValue(common.Json)
                ? RecipeFile.Serialize(RecipeCatalog.Load(chosen, []))
                : RecipeCatalog.Text(chosen);
            terminal.WriteLine(text.TrimEnd());
        });
        return command;
    }
}
