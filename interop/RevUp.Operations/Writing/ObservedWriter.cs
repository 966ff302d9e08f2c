namespace RevUp.Operations.Writing;

/// <summary>
/// ObservedBackend: operations with their tensors for its observer. Updated tensors move twice.
/// </summary>
internal static class ObservedWriter
{
    public static string Write(string space, IEnumerable<Calls> calls)
    {
        StringBuilder text = new(CSharp.Head(space, "RevUp.Tensors"));
        text.Append("internal sealed partial class ObservedBackend\n{\n");
        foreach (Calls call in calls)
        {
            string name = call.Operation.Pascal, words = call.Operation.Name.Replace('_', ' ');
            string moved = string.Join(
                ", ",
                call.Operation.Tensors.SelectMany(tensor => Enumerable.Repeat(tensor.Camel, tensor.IsUpdated ? 2 : 1)));
            string given = string.Join(", ", call.Given.Select(argument => argument.Camel));
            text.Append($$"""
                    {{call.Operation.Access}} override void {{name}}({{call.Parameters}})
                    {
                        observer.Begin("{{words}}", [{{moved}}]);
                        inner.{{name}}({{given}});
                        observer.End();
                    }


                """);
        }
        return text.Append("}\n").ToString();
    }
}
