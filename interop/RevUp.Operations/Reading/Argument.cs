namespace RevUp.Operations.Reading;

/// <summary>The role of a C parameter in an operation.</summary>
internal enum Role
{
    /// <summary>A size that the shapes of tensors give.</summary>
    Size,

    /// <summary>The storage type of a tensor.</summary>
    Type,

    /// <summary>A tensor whose shape the description gives.</summary>
    Tensor,

    /// <summary>revup_shape: all extents of a tensor [shape].</summary>
    Shape,

    /// <summary>A structure of numbers that is only read.</summary>
    Structure,

    /// <summary>A number or an enumeration.</summary>
    Number,

    /// <summary>A convolution.</summary>
    Handle,

    /// <summary>A pointer that the description does not mention.</summary>
    Pointer,
}

/// <summary>A parameter of an operation, with what its description says of it.</summary>
internal sealed class Argument(CParameter parameter, Role role)
{
    public CParameter Parameter { get; } = parameter;

    public Role Role { get; } = role;

    public string Name => Parameter.Name;

    /// <summary>The name in C#.</summary>
    public string Camel { get; } = Names.Camel(parameter.Name);

    /// <summary>Expressions in C, outermost first; none for a scalar.</summary>
    public IReadOnlyList<string> Sizes { get; init; } = [];

    /// <summary>Whether its absence has a meaning.</summary>
    public bool IsOptional { get; init; }

    /// <summary>Whether it is read and written.</summary>
    public bool IsUpdated { get; init; }

    /// <summary>Names of the tensors whose memory it may share.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>The values that a number may have, if they are few.</summary>
    public IReadOnlyList<string> Values { get; init; } = [];

    /// <summary>Whether a tensor's pointer is aligned to its elements alone.</summary>
    public bool IsOfElements { get; init; }

    /// <summary>Whether a size must not be 0.</summary>
    public bool IsPositive { get; init; }

    public bool IsInput => Parameter.IsConst;

    public bool IsOutput => !Parameter.IsConst;

    public bool IsScalar => Sizes.Count == 0;
}
