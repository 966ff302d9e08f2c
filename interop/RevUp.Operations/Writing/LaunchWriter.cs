namespace RevUp.Operations.Writing;

/// <summary>CudaBackend: the launches of kernels whose headers say over what.</summary>
internal static class LaunchWriter
{
    public static string Write(string space, IEnumerable<Calls> calls, IReadOnlyList<Kernel> kernels)
    {
        StringBuilder text = new(CSharp.Head(space, "RevUp.Tensors"));
        text.Append("public sealed unsafe partial class CudaBackend\n{\n");
        IEnumerable<(Calls Call, Kernel Kernel)> launched =
            from call in calls
            join kernel in kernels on call.Operation.Name equals kernel.Name
            where kernel.IsLaunchable
            select (call, kernel);
        foreach ((Calls call, Kernel kernel) in launched)
        {
            text.Append($$"""
                    /// <inheritdoc/>
                    {{call.Operation.Access}} override void {{call.Operation.Pascal}}({{call.Parameters}}) =>
                        {{Launch(call, kernel)}};


                """);
        }
        return text.Append("""
                /// <summary>Depth, height or width; the depth of 2-D is 1.</summary>
                private static long SpatialExtent(Shape shape, int axis) =>
                    axis + shape.SpatialRank < 3 ? 1 : shape.Extent(axis + shape.SpatialRank - 3);
            }

            """).ToString();
    }

    private static string Launch(Calls call, Kernel kernel)
    {
        string variants = string.Join(", ", kernel.Variants.Select(variant => Variant(call, kernel, variant)));
        string name = $"_kernels.{Names.Pascal(kernel.Name)}{(variants.Length == 0 ? "" : $"({variants})")}";
        string arguments = string.Join(", ", kernel.Parameters.Select(parameter => Argument(call, kernel, parameter)));
        string[] words = kernel.Geometry.Split(' ');
        bool hasThreads = words[words.Length - 1] == "threads";
        return (words[0], words.Length) switch
        {
            ("Elementwise", 3) => $"_launcher.Elementwise({name}, {Over(call, words[2])}, [{arguments}])",
            ("RowPerWarp", 3) => $"_launcher.WarpRows({name}, {Over(call, words[2])}, [{arguments}])",
            ("RowPerBlock", 3) => $"_launcher.Rows({name}, {Over(call, words[2])}, [{arguments}])",
            ("RowPerBlock", > 5) when hasThreads =>
                $"_launcher.WideRows({name}, {Over(call, words[2])}, {Threads(call, words)}, [{arguments}])",
            ("One", _) => $"_launcher.WideRows({name}, rows: 1, threads: {words[3]}, [{arguments}])",
            _ => throw new UnreadableException(
                $"{kernel.Name}: '{kernel.Geometry}' is no geometry; launch.cuh lists them."),
        };
    }

    // A tensor's elements, a number, or a size.
    private static string Over(Calls call, string name) => call.Operation.Find(name) switch
    {
        { Role: Role.Tensor } tensor => $"{tensor.Camel}.Count",
        { Role: Role.Number } number => number.Camel,
        _ => call.Size(name),
    };

    // Of "RowPerBlock over vectors of longest / 4 threads".
    private static string Threads(Calls call, string[] words) => string.Join(
        " ", words.Skip(4).Take(words.Length - 5).Select(word => char.IsLetter(word[0]) ? Over(call, word) : word));

    // The type of the tensor whose type is the macro's parameter, or the number of its name.
    private static string Variant(Calls call, Kernel kernel, string variant)
    {
        CParameter? typed = kernel.Parameters.FirstOrDefault(
            parameter => parameter.Type == variant && call.Operation.Find(parameter.Name) is { IsOptional: false });
        return typed is null ? Names.Camel(variant) : $"{Names.Camel(typed.Name)}.Type";
    }

    private static string Argument(Calls call, Kernel kernel, CParameter parameter)
    {
        if (call.Operation.Find(parameter.Name) is { } argument)
        {
            return argument.Role == Role.Size ? call.Size(argument.Name)
                : CSharp.IsEnumeration(argument.Parameter) ? $"(long){argument.Camel}"
                : argument.Camel;
        }
        return call.Field(parameter.Name) ?? parameter.Name switch
        {
            "partials" => "_memory.Partials",
            "counter" => "_memory.Counter",
            "rank" => $"{call.Shaped.Camel}.Shape.SpatialRank",
            "batch" => $"{call.Shaped.Camel}.Shape.Batch",
            "channels" => $"{call.Shaped.Camel}.Shape.Channels",
            "e0" or "e1" or "e2" => $"SpatialExtent({call.Shaped.Camel}.Shape, {parameter.Name[1]})",
            _ => throw new UnreadableException(
                $"{kernel.Name}: its parameter '{parameter.Name}' is none of {call.Operation.Function.Name}. Name it "
                + "as there, or launch the kernel by hand: a geometry without 'over'."),
        };
    }
}
