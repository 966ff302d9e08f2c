using System.Runtime.CompilerServices;

namespace RevUp.Tensors;

/// <summary>
/// A recipe or setting that cannot work; the message names the value and what to use instead.
/// </summary>
public sealed class ConfigurationException(string message) : RevUpException(message)
{
    /// <summary>Throws with <paramref name="message"/> unless the condition holds.</summary>
    public static void Require(bool condition, FormattableString message)
    {
        if (!condition)
        {
            throw new ConfigurationException(FormattableString.Invariant(message) + ".");
        }
    }

    /// <summary>
    /// Throws with <paramref name="message"/> unless the condition holds. The message may be a sum
    /// of interpolated texts, one for each line.
    /// </summary>
    [OverloadResolutionPriority(1)]
    internal static void Require(
        bool condition, [InterpolatedStringHandlerArgument(nameof(condition))] RequirementText message)
    {
        if (!condition)
        {
            throw new ConfigurationException(message.ToStringAndClear() + ".");
        }
    }
}
