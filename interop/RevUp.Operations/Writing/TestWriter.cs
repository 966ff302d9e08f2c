namespace RevUp.Operations.Writing;

/// <summary>
/// The tests' view of operations: functions of arrays, on a backend and of the oracle, and calls on
/// words.
/// </summary>
internal static class TestWriter
{
    private const string Space = "RevUp.Interop.Tests.";

    public static IEnumerable<(string Name, string Text)> Write(NativeSources sources)
    {
        Operation[] operations = [.. sources.Operations.Where(operation => operation.IsOfBackend)];
        IEnumerable<OracleFunction> oracles =
            from oracle in sources.Oracles
            join operation in operations on oracle.Name equals "revup_reference_" + operation.Name
            select new OracleFunction(operation, oracle);
        yield return ("DeviceOperations", Class(
            Aliases(operations) + "internal partial class DeviceOperations",
            operations.Select(operation => new BackendFunction(operation))));
        yield return ("Oracle", Class("internal static unsafe partial class Oracle", oracles));
        yield return ("AbiFunctions", HostileWriter.Write(Space + "Hostile", sources));
    }

    private static string Class(string head, IEnumerable<ArrayFunction> functions) =>
        CSharp.Head(Space + "Support", "RevUp.Backends", "RevUp.Interop.Cpu", "RevUp.Tensors")
        + $"{head}\n{{\n{string.Join("\n", functions.Select(function => function.Write()))}}}\n";

    private static string Aliases(IEnumerable<Operation> operations)
    {
        IEnumerable<string> names = operations.SelectMany(operation => operation.Tensors)
            .SelectMany(tensor => tensor.Aliases).Select(Names.Pascal).Distinct();
        return $$"""
            /// <summary>The argument that an output shares its memory with.</summary>
            internal enum Alias
            {
                None,
                {{string.Join(",\n    ", names)}},
            }


            """;
    }
}
