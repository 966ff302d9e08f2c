using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using RevUp.Tensors;

namespace RevUp.Data;

/// <summary>
/// A data file is missing, damaged or not what its reader expects; the message names the file, the
/// byte offset, what was found and what to do. Characters that a terminal obeys are shown as
/// numbers.
/// </summary>
public sealed class DataFileException : RevUpException
{
    /// <summary>An exception about <paramref name="file"/> as a whole.</summary>
    public DataFileException(string file, string message, Exception? innerException = null)
        : base(PrintableText.Of($"{file}: {message}"), innerException)
    {
        File = file;
    }

    /// <summary>
    /// An exception about one place of <paramref name="file"/>; <paramref name="offset"/> counts
    /// bytes of the decompressed content.
    /// </summary>
    public DataFileException(string file, long offset, string message, Exception? innerException = null)
        : base(PrintableText.Of($"{file}, byte {offset}: {message}"), innerException)
    {
        File = file;
        Offset = offset;
    }

    /// <summary>The path of the file.</summary>
    public string File { get; }

    /// <summary>
    /// Where in the (decompressed) content, in bytes; null when the message is about the file as a
    /// whole.
    /// </summary>
    public long? Offset { get; }

    /// <summary>Throws about the file as a whole unless the condition holds.</summary>
    internal static void Require(
        [DoesNotReturnIf(false)] bool condition,
        string file,
        [InterpolatedStringHandlerArgument(nameof(condition))] RequirementText message)
    {
        if (!condition)
        {
            throw new DataFileException(file, message.ToStringAndClear());
        }
    }

    /// <summary>Throws about one place of the file unless the condition holds.</summary>
    internal static void Require(
        [DoesNotReturnIf(false)] bool condition,
        string file,
        long offset,
        [InterpolatedStringHandlerArgument(nameof(condition))] RequirementText message)
    {
        if (!condition)
        {
            throw new DataFileException(file, offset, message.ToStringAndClear());
        }
    }
}
