namespace RevUp.Operations.Writing;

/// <summary>
/// CpuLibrary and CpuReference. The imports have blittable types alone, because the generator of
/// LibraryImport does not see them.
/// </summary>
internal static class BindingWriter
{
    private const string Space = "RevUp.Interop.Cpu";

    public static IEnumerable<(string Name, string Text)> Write(NativeSources sources)
    {
        string constants = $$"""
                /// <summary>Alignment of every tensor pointer, in bytes.</summary>
                public const int Alignment = {{sources.Constants["REVUP_ALIGNMENT"]}};

                /// <summary>The version of the revup_cpu.h that was read.</summary>
                public const int ExpectedAbiVersion = {{sources.Constants["REVUP_ABI_VERSION"]}};


            """;
        yield return ("CpuLibrary", Class("CpuLibrary", constants, sources.Functions, "revup_", sources));
        if (sources.Oracles.Count > 0)
        {
            yield return ("CpuReference", Class("CpuReference", "", sources.Oracles, "revup_reference_", sources));
        }
    }

    private static string Class(
        string name, string members, IEnumerable<CFunction> functions, string prefix, NativeSources sources)
    {
        StringBuilder text = new(CSharp.Head(Space, "System.Runtime.InteropServices"));
        text.Append($"internal static unsafe partial class {name}\n{{\n{members}");
        text.Append(string.Join("\n", functions.Select(function => Function(function, prefix, sources))));
        return text.Append("}\n").ToString();
    }

    private static string Function(CFunction function, string prefix, NativeSources sources)
    {
        string name = Names.Pascal(function.Name.Substring(prefix.Length)), summary = CSharp.Summary(function);
        string returns = function.Returns == "constchar*" ? "byte*" : CSharp.Type(function.Returns);
        (string Type, string Name)[] parameters = [.. function.Parameters.Select(
            parameter => (CSharp.Raw(parameter, sources.Structures), Names.Camel(parameter.Name)))];
        string attribute =
            $"    [DllImport(NativeLibraries.Cpu, EntryPoint = \"{function.Name}\", ExactSpelling = true)]\n";
        // The handle itself destroys what it owns.
        if (name == "ConvolutionDestroy" || parameters.All(parameter => parameter.Type != "ConvolutionHandle"))
        {
            return $"{summary}{attribute}    public static extern {returns} {name}({List("nint")});\n";
        }
        string arguments = string.Join(
            ", ", parameters.Select(p => p.Name == "handle" ? "handle.DangerousGetHandle()" : p.Name));
        return summary + $$"""
                public static {{returns}} {{name}}({{List("ConvolutionHandle")}})
                {
                    bool isHeld = false;
                    try
                    {
                        handle.DangerousAddRef(ref isHeld);
                        return {{name}}Raw({{arguments}});
                    }
                    finally
                    {
                        if (isHeld)
                        {
                            handle.DangerousRelease();
                        }
                    }
                }

            {{attribute}}    private static extern {{returns}} {{name}}Raw({{List("nint")}});

            """;

        string List(string handle) => string.Join(
            ", ", parameters.Select(p => $"{(p.Type == "ConvolutionHandle" ? handle : p.Type)} {p.Name}"));
    }
}
