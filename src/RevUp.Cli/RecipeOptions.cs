namespace RevUp.Cli;

/// <summary>The options that choose a recipe and change it.</summary>
internal sealed class RecipeOptions
{
    private readonly Option<string> _recipe = Usage.Option<string>(
        "--recipe", "NAME|FILE", $"A recipe's name or file; '{CommandName.Value} recipes' lists the names.");

    private readonly Option<string[]> _set = Usage.Overrides(
        "Override a member of the recipe, such as training.epochs=3 or model.stages.0.blocks=6; may be repeated.");

    /// <param name="byDefault">
    /// The recipe when none is given, by the other options; null makes the option required.
    /// </param>
    public RecipeOptions(Func<SymbolResult, string>? byDefault = null)
    {
        _recipe.Required = byDefault is null;
        if (byDefault is not null)
        {
            _recipe.DefaultValueFactory = byDefault;
        }
    }

    public void AddTo(Command command)
    {
        command.Add(_recipe);
        command.Add(_set);
    }

    /// <summary>Whether --set names a member of the recipe.</summary>
    public bool Sets(ParseResult arguments, string path) =>
        (arguments.GetValue(_set) ?? []).Any(text => text.StartsWith(path + "=", StringComparison.Ordinal));

    /// <summary>
    /// The validated recipe with all overrides: --set first, then <paramref name="more"/> and
    /// --seed.
    /// </summary>
    /// <exception cref="ConfigurationException">
    /// There is no such recipe, or it or an override cannot work.
    /// </exception>
    public Recipe Load(ParseResult arguments, CommonOptions common, params IEnumerable<string> more)
    {
        IEnumerable<string> overrides = [.. arguments.GetValue(_set) ?? [], .. more];
        if (arguments.GetValue(common.Seed) is ulong seed)
        {
            overrides = overrides.Append(string.Create(CultureInfo.InvariantCulture, $"training.seed={seed}"));
        }
        return RecipeCatalog.Load(arguments.GetRequiredValue(_recipe), overrides, common.Precision(arguments));
    }
}
