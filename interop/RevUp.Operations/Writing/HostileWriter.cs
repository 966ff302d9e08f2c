namespace RevUp.Operations.Writing;

/// <summary>AbiFunctions: the described functions as calls on words.</summary>
internal static class HostileWriter
{
    public static string Write(string space, NativeSources sources)
    {
        StringBuilder text = new(CSharp.Head(space, "RevUp.Interop.Cpu"));
        text.Append("internal static unsafe partial class AbiFunctions\n{\n");
        text.Append("    private static AbiFunction[] Described =>\n    [\n");
        foreach (Operation operation in sources.Operations)
        {
            text.Append(Function(operation, sources));
        }
        return text.Append("    ];\n}\n").ToString();
    }

    private static string Function(Operation operation, NativeSources sources)
    {
        List<string> arguments = [], words = [];
        foreach (Argument argument in operation.Arguments)
        {
            if (Kind(argument) is { } kind)
            {
                words.Add(Word(argument, arguments.Count, sources));
                string valid = argument.Values.Count == 0 ? "" : ", " + argument.Values[argument.Values.Count - 1];
                arguments.Add($"new(ArgumentKind.{kind}, \"{argument.Name}\"{valid})");
            }
            else
            {
                words.Add(Constant(argument));
            }
        }
        return $$"""
                    new("{{operation.Name}}",
                        [{{string.Join(", ", arguments)}}],
                        v => CpuLibrary.{{operation.Pascal}}({{string.Join(", ", words)}})),

            """;
    }

    // Null for what a caller cannot get wrong.
    private static string? Kind(Argument argument) => argument.Role switch
    {
        Role.Size => argument.IsPositive ? "Extent" : "Count",
        Role.Type => "Type",
        Role.Shape or Role.Structure => "Structure",
        Role.Handle => "Handle",
        Role.Number when argument.Parameter.Type == "revup_activation" => "Activation",
        Role.Number when argument.Values.Count > 0 => "Choice",
        Role.Tensor => (argument.IsOptional ? "Optional" : "") + Alignment(argument),
        _ => null,
    };

    // As the head of revup_cpu.h says.
    private static string Alignment(Argument argument) => argument.Parameter.Type switch
    {
        "uint16_t" when argument.IsOfElements => "Label",
        _ when argument.IsOfElements => "Scalar",
        "float" when argument.Sizes.Count <= 1 && !argument.Sizes.Contains("count") => "Scalar",
        "void" or "float" or "uint8_t" or "uint16_t" or "revup_bfloat16" => "Tensor",
        _ => "Statistic",
    };

    private static string Word(Argument argument, int index, NativeSources sources) => argument.Role switch
    {
        Role.Size => $"v[{index}]",
        Role.Handle => $"AbiMemory.Handle(v[{index}])",
        _ => $"({CSharp.Raw(argument.Parameter, sources.Structures)})v[{index}]",
    };

    private static string Constant(Argument argument) => (argument.Role, argument.Parameter.Type) switch
    {
        (Role.Pointer, _) => "(void*)AbiMemory.Scratch",
        (_, "float") => "0.5f",
        (_, "double") => "0.5",
        _ => "AbiFunction.ValidCount",
    };
}
