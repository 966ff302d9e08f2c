namespace RevUp.Operations.Writing;

/// <summary>CountingBackend: operations with their tensors. Updated tensors move twice.</summary>
internal static class CountingWriter
{
    public static IEnumerable<(string Name, string Text)> Write(NativeSources sources)
    {
        StringBuilder text = new(CSharp.Head("RevUp.Benchmarks.Traffic", "RevUp.Backends", "RevUp.Tensors"));
        text.Append("internal sealed partial class CountingBackend\n{\n");
        foreach (Calls call in Calls.Of(sources))
        {
            string name = call.Operation.Pascal, words = call.Operation.Name.Replace('_', ' ');
            string moved = string.Join(
                ", ",
                call.Operation.Tensors.SelectMany(tensor => Enumerable.Repeat(tensor.Camel, tensor.IsUpdated ? 2 : 1)));
            string given = string.Join(
                ", ", call.Given.Select(argument => argument.Camel + (argument.Role == Role.Structure ? "Copy" : "")));
            text.Append($$"""
                    {{call.Operation.Access}} override void {{name}}({{call.Parameters}})
                    {
                {{call.Copies}}        counter.Count("{{words}}", () => inner.{{name}}({{given}}), [{{moved}}]);
                    }


                """);
        }
        yield return ("CountingBackend", text.Append("}\n").ToString());
    }
}
