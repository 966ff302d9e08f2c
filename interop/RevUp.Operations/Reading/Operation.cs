namespace RevUp.Operations.Reading;

/// <summary>A function of revup_cpu.h that works on tensors.</summary>
internal sealed class Operation
{
    private const string Prefix = "revup_";

    private readonly Dictionary<string, Argument> _byName;

    private Operation(CFunction function, bool isInternal, IReadOnlyList<Argument> arguments)
    {
        Function = function;
        Access = isInternal ? "internal" : "public";
        Arguments = arguments;
        _byName = arguments.ToDictionary(argument => argument.Name);
    }

    public CFunction Function { get; }

    public IReadOnlyList<Argument> Arguments { get; }

    /// <summary>"public" or "internal": of the backends' method.</summary>
    public string Access { get; }

    /// <summary>"axpy".</summary>
    public string Name => Function.Name.Substring(Prefix.Length);

    /// <summary>"Axpy".</summary>
    public string Pascal => Names.Pascal(Name);

    /// <summary>Whether it needs no handle and so is a method of a backend.</summary>
    public bool IsOfBackend => Arguments.All(argument => argument.Role != Role.Handle);

    public IEnumerable<Argument> Tensors => Arguments.Where(argument => argument.Role == Role.Tensor);

    public Argument? Find(string name) => _byName.TryGetValue(name, out Argument? argument) ? argument : null;

    /// <summary>The operation that a function with a description is.</summary>
    public static Operation Read(CFunction function, IReadOnlyDictionary<string, string[]> structures)
    {
        Description description = Description.Read(function.Name, function.Description);
        string? unknown = description.Names
            .Except(function.Parameters.Select(parameter => parameter.Name)).FirstOrDefault();
        if (unknown is not null)
        {
            throw new UnreadableException(
                $"{function.Name}: its description names '{unknown}', which is no parameter of it; correct the name.");
        }
        return new Operation(
            function,
            description.IsInternal,
            [.. function.Parameters.Select(parameter => description.Argument(parameter, RoleOf(parameter)))]);

        Role RoleOf(CParameter parameter) => parameter switch
        {
            _ when description.Describes(parameter.Name) => Role.Tensor,
            { Stars: 0, Type: "int64_t" } when description.HasSize(parameter.Name) => Role.Size,
            { Stars: 0, Type: "revup_type" } => Role.Type,
            { Stars: 0 } => Role.Number,
            { Stars: 1, Type: "revup_shape" } => Role.Shape,
            { Stars: 1, Type: "revup_convolution" } => Role.Handle,
            { Stars: 1, IsConst: true } when structures.ContainsKey(parameter.Type) => Role.Structure,
            _ => Role.Pointer,
        };
    }
}
