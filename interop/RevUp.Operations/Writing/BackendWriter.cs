namespace RevUp.Operations.Writing;

/// <summary>
/// The operations of Backend, CpuBackend, SizingBackend, ObservedBackend and CudaBackend, and the
/// latter's kernels.
/// </summary>
internal static class BackendWriter
{
    private const string Space = "RevUp.Backends";

    public static IEnumerable<(string Name, string Text)> Write(NativeSources sources)
    {
        Calls[] calls = Calls.Of(sources);
        yield return ("Backend", Contract(calls));
        yield return ("CpuBackend", Cpu(calls, sources));
        yield return ("SizingBackend", Sizing(calls));
        yield return ("ObservedBackend", ObservedWriter.Write(Space + ".Observed", calls));
        yield return ("KernelTable", KernelTableWriter.Write(sources.Kernels));
        yield return ("CudaBackend", LaunchWriter.Write(Space + ".Cuda", calls, sources.Kernels));
    }

    private static string Contract(IEnumerable<Calls> calls)
    {
        StringBuilder text = new(CSharp.Head(Space, "RevUp.Tensors"));
        text.Append("public abstract partial class Backend\n{\n");
        foreach (Calls call in calls)
        {
            text.Append(call.Documentation)
                .Append($"    {call.Operation.Access} abstract void {call.Operation.Pascal}({call.Parameters});\n\n");
        }
        return text.Append("""
                /// <summary>All extents but the last one, multiplied.</summary>
                private protected static long Rows(Tensor tensor) =>
                    tensor.IsEmpty ? 0 : tensor.Count / tensor.Shape.Channels;

                /// <summary>An extent; 0 of an empty tensor.</summary>
                private protected static long Size(Tensor tensor, int axis) => tensor.IsEmpty ? 0 : tensor.Shape[axis];
            }

            """).ToString();
    }

    private static string Cpu(IEnumerable<Calls> calls, NativeSources sources)
    {
        StringBuilder text = new(CSharp.Head(Space + ".Cpu", "RevUp.Interop.Cpu", "RevUp.Tensors"));
        text.Append("public sealed unsafe partial class CpuBackend\n{\n");
        foreach (Calls call in calls)
        {
            Operation operation = call.Operation;
            string arguments = string.Join(
                ", ", operation.Arguments.Select(argument => CpuArgument(call, argument, sources)));
            string shape = operation.Arguments.Any(argument => argument.Role == Role.Shape)
                ? $"        CpuShape shape = NativeShape({call.Shaped.Camel}.Shape);\n"
                : "";
            text.Append($$"""
                    /// <inheritdoc/>
                    {{operation.Access}} override void {{operation.Pascal}}({{call.Parameters}})
                    {
                {{shape}}{{call.Copies}}        CpuLibrary.{{operation.Pascal}}({{arguments}}).Check();
                    }


                """);
        }
        return text.Append("}\n").ToString();
    }

    private static string Sizing(IEnumerable<Calls> calls)
    {
        StringBuilder text = new(CSharp.Head(Space + ".Cpu", "RevUp.Tensors"));
        text.Append("internal partial class SizingBackend\n{\n");
        foreach (Calls call in calls)
        {
            text.Append($$"""
                    {{call.Operation.Access}} override void {{call.Operation.Pascal}}({{call.Parameters}})
                    {
                    }


                """);
        }
        return text.Append("}\n").ToString();
    }

    private static string CpuArgument(Calls call, Argument argument, NativeSources sources) => argument.Role switch
    {
        Role.Size => call.Size(argument.Name),
        Role.Type => $"(CpuType){Names.Camel(argument.Name.Substring(0, argument.Name.Length - "_type".Length))}.Type",
        Role.Tensor => $"({CSharp.Raw(argument.Parameter, sources.Structures)}){argument.Camel}.Address",
        Role.Shape => "&shape",
        Role.Structure => $"(double*)&{argument.Camel}Copy",
        Role.Number when CSharp.IsEnumeration(argument.Parameter) =>
            $"({CSharp.Type(argument.Parameter.Type)}){argument.Camel}",
        Role.Number => argument.Camel,
        _ => throw new UnreadableException(
            $"{call.Operation.Function.Name}: '{argument.Name}' is a pointer without a description; give its shape."),
    };
}
