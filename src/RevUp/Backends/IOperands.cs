namespace RevUp.Backends;

/// <summary>An entry of a table that a kernel reads: words of 8 bytes.</summary>
internal interface IOperands
{
    /// <summary>Words of an entry, without the places of its parts.</summary>
    static abstract int Words { get; }

    /// <summary>Kinds of parts: the products that a table serves.</summary>
    static abstract int Products { get; }

    /// <summary>Parts of the work on the entry, each for one block or warp.</summary>
    long Parts(int product);

    /// <summary>Writes the entry as the kernel's structure has it.</summary>
    void Write(Span<long> words);
}
