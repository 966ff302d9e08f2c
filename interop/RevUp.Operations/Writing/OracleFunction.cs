namespace RevUp.Operations.Writing;

/// <summary>A method of the tests' class Oracle, which calls the float64 twin.</summary>
internal sealed class OracleFunction(Operation operation, CFunction oracle)
    : ArrayFunction(operation, Merge(operation, oracle))
{
    private readonly List<string> _pins = [];

    protected override string Modifier => "static ";

    protected override void Add(Argument argument)
    {
        string name = argument.Camel;
        switch (argument.Role)
        {
            case Role.Tensor when argument is { IsInput: true, IsScalar: true }:
                Parameter("double", name);
                Call.Add("&" + name);
                break;
            case Role.Tensor when argument.IsInput:
                Parameter(Array(argument), name);
                Pin(argument, name);
                break;
            case Role.Tensor:
                string result = argument.IsUpdated ? Copy(argument) : Fresh(argument);
                Body.Append($"        {Element(argument)}[] {name}Result = {result};\n");
                Pin(argument, name + "Result");
                string scalar = argument.IsScalar ? ".FirstOrDefault()" : "";
                Result(Element(argument) + (argument.IsScalar ? "" : "[]"), argument, $"{name}Result{scalar}");
                break;
            case Role.Shape:
                Parameter("CpuShape", name);
                Call.Add("&" + name);
                break;
            case Role.Structure:
                Parameter(CSharp.Name(argument.Parameter.Type), name);
                Call.Add($"(double*)&{name}");
                break;
            case Role.Size:
                if (Sizes.IsGiven(argument.Name))
                {
                    Parameter("long", name);
                }
                Call.Add(name);
                break;
            default:
                Parameter(CSharp.Type(argument.Parameter.Type), name);
                Call.Add(name);
                break;
        }
    }

    protected override void Finish()
    {
        string call = $"CpuReference.{Operation.Pascal}({string.Join(", ", Call)});";
        Body.Append(string.Concat(_pins)).Append($"        {{\n            {call}\n        }}\n");
    }

    // The oracle's parameters with what its own description says, or else the operation's.
    private static IReadOnlyList<Argument> Merge(Operation operation, CFunction oracle)
    {
        Description own = Description.Read(oracle.Name, oracle.Description);
        return [.. oracle.Parameters.Select(Merged)];

        Argument Merged(CParameter parameter)
        {
            if (operation.Find(parameter.Name) is not { } known)
            {
                return new Argument(parameter, parameter.Name == "count" ? Role.Size : Role.Number);
            }
            bool isNumber = parameter.Stars == 0 && known.Role == Role.Tensor;
            return new Argument(parameter, isNumber ? Role.Number : known.Role)
            {
                Sizes = own.Describes(parameter.Name) ? own.Argument(parameter, known.Role).Sizes : known.Sizes,
                IsOptional = known.IsOptional,
                IsUpdated = known.IsUpdated,
            };
        }
    }

    private static string Element(Argument argument) =>
        argument.Parameter.Type is "float" or "uint16_t" ? CSharp.Type(argument.Parameter.Type) : "double";

    private static string Array(Argument argument) =>
        $"{Element(argument)}[]{(argument.IsOptional ? "?" : "")}";

    private void Pin(Argument argument, string local)
    {
        _pins.Add($"        fixed ({Element(argument)}* {argument.Camel}Pointer = {local})\n");
        Call.Add(argument.Camel + "Pointer");
    }

    private string Copy(Argument argument)
    {
        string name = argument.Camel;
        Parameter(argument.IsScalar ? argument.IsOptional ? "double?" : "double" : Array(argument), name);
        return (argument.IsScalar, argument.IsOptional) switch
        {
            (true, true) => $"{name} is double {name}Value ? [{name}Value] : []",
            (true, false) => $"[{name}]",
            (false, true) => $"{name} is null ? [] : [.. {name}]",
            _ => $"[.. {name}]",
        };
    }

    private string Fresh(Argument argument)
    {
        string length = argument.IsScalar ? "1" : ArraySizes.Length(argument);
        if (argument.IsOptional)
        {
            Parameter("bool", With(argument));
            length = $"{With(argument)} ? {length} : 0";
        }
        return $"new {Element(argument)}[{length}]";
    }
}
