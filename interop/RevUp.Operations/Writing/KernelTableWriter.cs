namespace RevUp.Operations.Writing;

/// <summary>KernelTable: every kernel of native/cuda, with its variants.</summary>
internal static class KernelTableWriter
{
    public static string Write(IEnumerable<Kernel> kernels)
    {
        StringBuilder text = new(CSharp.Head("RevUp.Backends.Cuda", "System", "RevUp.Interop.Cuda", "RevUp.Tensors"));
        text.Append("""
            /// <summary>
            /// Every kernel of native/cuda, looked up once; parameters choose a variant.
            /// </summary>
            /// <param name="find">Finds a kernel by name.</param>
            internal sealed class KernelTable(Func<string, CudaFunction> find)
            {

            """);
        foreach (Kernel kernel in kernels)
        {
            text.Append(kernel.Variants.Count == 0 ? Single(kernel) : Variants(kernel)).Append('\n');
        }
        return text.Append("""
                private static int Index(ElementType type) => type switch
                {
                    ElementType.Float32 => 0,
                    ElementType.BFloat16 => 1,
                    _ => throw new ArgumentException(
                        $"There is no kernel for tensors of {type}; use Float32 or BFloat16."),
                };

                private static int Index(int value, ReadOnlySpan<int> values) =>
                    values.IndexOf(value) is >= 0 and var place
                        ? place
                        : throw new ArgumentException(
                            $"There is no kernel for {value}; use {string.Join(" or ", values.ToArray())}.");
            }

            """).ToString();
    }

    private static string Single(Kernel kernel) =>
        $"    public CudaFunction {Names.Pascal(kernel.Name)} {{ get; }} = find(\"{kernel.Name}\");\n";

    private static string Variants(Kernel kernel)
    {
        string name = Names.Pascal(kernel.Name), field = "_" + Names.Camel(kernel.Name), index = "";
        List<string> parameters = [];
        for (int i = 0; i < kernel.Variants.Count; i++)
        {
            IReadOnlyList<string> values = kernel.Values[i];
            string variant = Names.Camel(kernel.Variants[i].ToLowerInvariant());
            bool isType = values.SequenceEqual(["f32", "bf16"]);
            string place = isType ? $"Index({variant})" : $"Index({variant}, [{string.Join(", ", values)}])";
            index = i == 0 ? place : $"{values.Count} * ({index}) + {place}";
            parameters.Add($"{(isType ? "ElementType" : "int")} {variant}");
        }
        string found = string.Join(", ", kernel.Exports.Select(export => $"find(\"{export}\")"));
        return $$"""
                private readonly CudaFunction[] {{field}} = [{{found}}];

                public CudaFunction {{name}}({{string.Join(", ", parameters)}}) => {{field}}[{{index}}];

            """;
    }
}
