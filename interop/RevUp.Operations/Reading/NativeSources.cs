namespace RevUp.Operations.Reading;

/// <summary>All that the generator reads.</summary>
/// <param name="Functions">Functions of revup_cpu.h.</param>
/// <param name="Operations">Functions with a description.</param>
/// <param name="Oracles">The functions of native/cpu/reference.</param>
/// <param name="Kernels">Kernels of native/cuda.</param>
/// <param name="Structures">Fields of the structures of doubles, by name.</param>
/// <param name="Constants">Whole numbers that are defined, by name.</param>
internal sealed record NativeSources(
    IReadOnlyList<CFunction> Functions,
    IReadOnlyList<Operation> Operations,
    IReadOnlyList<CFunction> Oracles,
    IReadOnlyList<Kernel> Kernels,
    IReadOnlyDictionary<string, string[]> Structures,
    IReadOnlyDictionary<string, string> Constants)
{
    public static NativeSources Read(IEnumerable<(string Path, string Text)> files)
    {
        (string Path, string Text)[] all = [.. files.OrderBy(file => file.Path, StringComparer.Ordinal)];
        (string Path, string Text)[] headers = [.. Ending(".h")];
        Dictionary<string, string[]> structures = headers.SelectMany(file => CSource.Structures(file.Text))
            .ToDictionary(pair => pair.Key, pair => pair.Value);
        Dictionary<string, string> constants = headers.SelectMany(file => CSource.Constants(file.Text))
            .ToDictionary(pair => pair.Key, pair => pair.Value);
        CFunction[] functions = [.. headers.SelectMany(file => CSource.Functions(file.Path, file.Text))];
        return new NativeSources(
            functions,
            [.. functions.Where(function => function.Description.Length > 0)
                .Select(function => Operation.Read(function, structures))],
            [.. Ending(".cpp").SelectMany(file => CSource.Functions(file.Path, file.Text))],
            [.. Ending(".cu").SelectMany(file => Kernel.Read(file.Path, file.Text))],
            structures,
            constants);

        IEnumerable<(string Path, string Text)> Ending(string suffix) =>
            all.Where(file => file.Path.EndsWith(suffix, StringComparison.Ordinal));
    }
}
