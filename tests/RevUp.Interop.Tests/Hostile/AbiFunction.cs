namespace RevUp.Interop.Tests.Hostile;

/// <summary>
/// Kind of an argument of the C ABI, and so the faults that a hostile caller can give it.
/// </summary>
internal enum ArgumentKind
{
    /// <summary>A pointer aligned to <see cref="CpuLibrary.Alignment"/>.</summary>
    Tensor,

    /// <summary>The same, or null.</summary>
    OptionalTensor,

    /// <summary>A pointer aligned to 4.</summary>
    Scalar,

    /// <summary>The same, or null.</summary>
    OptionalScalar,

    /// <summary>A pointer aligned to 2.</summary>
    Label,

    /// <summary>A pointer aligned to 8.</summary>
    Statistic,

    /// <summary>The same, or null.</summary>
    OptionalStatistic,

    /// <summary>A pointer to a structure, aligned to 8.</summary>
    Structure,

    /// <summary>A number of elements; 0 does nothing.</summary>
    Count,

    /// <summary>A number that is at least 1.</summary>
    Extent,

    /// <summary>revup_type.</summary>
    Type,

    /// <summary>revup_activation.</summary>
    Activation,

    /// <summary>One of a few numbers, the argument's valid value among them.</summary>
    Choice,

    /// <summary>A convolution; 0 stands for null, anything else for a valid one.</summary>
    Handle,
}

/// <summary>
/// An argument, by the name that messages must use, and its valid value where that is not the
/// kind's own.
/// </summary>
internal sealed record Argument(ArgumentKind Kind, string Name, long? Value = null);

/// <summary>
/// A function of the C ABI as a call on untyped words: pointers, counts and enumerations alike.
/// </summary>
internal sealed record AbiFunction(string Name, Argument[] Arguments, Func<long[], CpuStatus> Call)
{
    internal const long ValidCount = 8;

    internal static unsafe string LastError() => Marshal.PtrToStringUTF8((nint)CpuLibrary.LastError())!;

    /// <summary>
    /// Words that the function accepts, their pointers into <see cref="AbiMemory"/>.
    /// </summary>
    internal long[] ValidWords() => Arguments
        .Select((argument, i) => argument.Value ?? AbiMemory.Valid(Name, argument.Name) ?? argument.Kind switch
        {
            ArgumentKind.Count or ArgumentKind.Extent => ValidCount,
            ArgumentKind.Type => (long)CpuType.Float32,
            ArgumentKind.Activation => (long)CpuActivation.Elu,
            _ => AbiMemory.Slot(i),
        })
        .ToArray();

    public override string ToString() => Name;
}
