using System.Runtime.CompilerServices;

namespace RevUp.Tensors;

/// <summary>
/// Message of a requirement, in the invariant culture. It is built only where the requirement
/// fails.
/// </summary>
[InterpolatedStringHandler]
internal ref struct RequirementText
{
    private DefaultInterpolatedStringHandler _text;

    public RequirementText(int literalLength, int formattedCount, bool condition, out bool fails)
    {
        fails = !condition;
        _text = fails
            ? new DefaultInterpolatedStringHandler(literalLength, formattedCount, CultureInfo.InvariantCulture)
            : default;
    }

    public void AppendLiteral(string value) => _text.AppendLiteral(value);

    public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

    public void AppendFormatted<T>(T value, string? format) => _text.AppendFormatted(value, format);

    public string ToStringAndClear() => _text.ToStringAndClear();
}
