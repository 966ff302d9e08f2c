namespace RevUp.Operations.Writing;

/// <summary>
/// A method of the tests' class DeviceOperations, which places arrays on the device.
/// </summary>
internal sealed class BackendFunction : ArrayFunction
{
    public BackendFunction(Operation operation)
        : base(operation, operation.Arguments) => Body.Append("        using DeviceArena memory = new(Backend);\n");

    protected override string Modifier => "";

    protected override void Add(Argument argument)
    {
        string name = argument.Camel;
        switch (argument.Role)
        {
            case Role.Tensor:
                string placed = argument.IsInput || argument.IsUpdated ? Given(argument) : Fresh(argument);
                Body.Append($"        Tensor {name}Tensor = {placed};\n");
                Call.Add(name + "Tensor");
                break;
            case Role.Structure:
                Parameter(CSharp.Name(argument.Parameter.Type), name);
                Call.Add(name);
                break;
            case Role.Number:
                Parameter(CSharp.Type(argument.Parameter.Type), name);
                bool isCast = CSharp.IsEnumeration(argument.Parameter);
                Call.Add(isCast ? $"({CSharp.Name(argument.Parameter.Type)}){name}" : name);
                break;
            case Role.Shape:
                Parameter("CpuShape", name);
                break;
            case Role.Size when Sizes.IsGiven(argument.Name):
                Parameter("long", name);
                break;
            case Role.Type when Arguments.Any(other => other.Name + "_type" == argument.Name && other.IsOutput):
                Parameter("CpuType", name);
                break;
        }
        if (argument is { Role: Role.Tensor, IsOutput: true })
        {
            Read(argument);
        }
    }

    protected override void Finish()
    {
        Body.Append($"        Backend.{Operation.Pascal}({string.Join(", ", Call)});\n");
        if (Arguments.Any(argument => argument.Aliases.Count > 0))
        {
            Parameter("Alias", "alias = Alias.None");
        }
    }

    private string Given(Argument argument)
    {
        string name = argument.Camel, shape = ArraySizes.Shape(argument), optional = argument.IsOptional ? "?" : "";
        (string type, string placed) = (argument.Parameter.Type, argument.IsScalar) switch
        {
            ("void", _) => ($"Stored{optional}", $"memory.Tensor({name}, {shape})"),
            ("uint8_t", _) => ($"byte[]{optional}", $"memory.Bytes({name})"),
            ("uint16_t", _) => ("ushort[]", $"memory.Labels({name}, {shape})"),
            ("revup_bfloat16", _) => ("float[]", $"memory.Tensor(new Stored(CpuType.BFloat16, {name}), {shape})"),
            ("float", true) => ($"float{optional}", $"memory.Scalar({name})"),
            ("float", false) => ($"float[]{optional}", $"memory.Floats({name}, {shape})"),
            (_, true) => ("double", $"memory.Statistics([{name}])"),
            _ => ($"double[]{optional}", $"memory.Statistics({name}, {shape})"),
        };
        Parameter(type, name);
        return placed;
    }

    private string Fresh(Argument argument)
    {
        string shape = ArraySizes.Shape(argument);
        string fresh = argument.Parameter.Type switch
        {
            "void" => $"memory.Tensor((ElementType){argument.Camel}Type, {shape})",
            "uint8_t" => $"memory.Bytes({shape})",
            "uint16_t" => $"memory.Tensor(ElementType.UInt16, {shape})",
            "revup_bfloat16" => $"memory.Tensor(ElementType.BFloat16, {shape})",
            "float" => $"memory.Tensor(ElementType.Float32, {shape})",
            _ => $"memory.Tensor(ElementType.Float64, {shape})",
        };
        if (argument.IsOptional)
        {
            Parameter("bool", With(argument));
            fresh = $"{With(argument)} ? {fresh} : default";
        }
        string cases = string.Concat(
            argument.Aliases.Select(other => $"Alias.{Names.Pascal(other)} => {Names.Camel(other)}Tensor, "));
        return cases.Length == 0 ? fresh : $"alias switch {{ {cases}_ => {fresh} }}";
    }

    private void Read(Argument argument)
    {
        string tensor = argument.Camel + "Tensor", first = argument.IsScalar ? ".FirstOrDefault()" : "";
        string array = argument.IsScalar ? "" : "[]";
        switch (argument.Parameter.Type)
        {
            case "uint8_t":
                Result("byte[]", argument, $"memory.ReadBytes({tensor}, {ArraySizes.Shape(argument)})");
                break;
            case "uint16_t":
                Result("ushort[]", argument, $"memory.ReadLabels({tensor})");
                break;
            case "void" or "float" or "revup_bfloat16":
                Result("float" + array, argument, $"memory.Read({tensor}){first}");
                break;
            default:
                Result("double" + array, argument, $"memory.ReadStatistics({tensor}){first}");
                break;
        }
    }
}
