using System.Text;

namespace RevUp.Interop;

/// <summary>
/// One native library: the name its imports use, its file, the variable that overrides its place,
/// what to do when it is missing, and the check made once after loading, which receives the handle
/// and the place and throws when the library is not the one these bindings were written for.
/// </summary>
internal record NativeLibraryEntry(
    string Name, string FileName, string EnvironmentVariable, string Remedy, Action<nint, string> Verify)
{
    /// <summary>Called once, before the library is loaded.</summary>
    internal Action BeforeLoading { get; init; } = () => { };

    /// <summary>
    /// Whether the package has the library, which is then on <see cref="Platform.Supported"/>
    /// alone.
    /// </summary>
    internal bool IsInPackage { get; init; }

    /// <summary>
    /// Where to look, in order: beside the program, in its packages, and in the builds of its
    /// checkout. An override is the only place: falling back from it would silently run another
    /// library than the one asked for.
    /// </summary>
    /// <param name="overridePath">The value of the entry's variable, if it has one.</param>
    /// <param name="baseDirectory">The program's folder.</param>
    /// <param name="hostFolders">
    /// Folders of native libraries from the .NET host: the program's packages, for its system.
    /// </param>
    internal virtual IReadOnlyList<string> Places(
        string? overridePath, string baseDirectory, IEnumerable<string> hostFolders)
    {
        if (!string.IsNullOrEmpty(overridePath))
        {
            return [overridePath];
        }

        IEnumerable<string> folders = hostFolders.Prepend(baseDirectory).Select(Path.TrimEndingDirectorySeparator);
        return [
            .. folders.Distinct().Select(folder => Path.Combine(folder, FileName)),
            .. Checkout.Places(baseDirectory, "native", FileName)];
    }

    /// <summary>Called before each place that is tried.</summary>
    private protected virtual void BeforeLoadingFrom(string place)
    {
    }

    /// <summary>Loads the library from the first place that has it.</summary>
    /// <exception cref="DllNotFoundException">
    /// No place works; the message lists each with its reason. Where the package has no library for
    /// <paramref name="platform"/>, and no place a file, the message is one sentence about that.
    /// </exception>
    internal (nint Handle, string Place) Load(IReadOnlyList<string> places, string platform)
    {
        if (IsInPackage && platform != Platform.Supported && !places.Any(File.Exists))
        {
            throw new DllNotFoundException(
                $"RevUp has no native libraries for {platform}: run the program on {Platform.Supported}, or build "
                + $"{FileName} from RevUp's sources and set {EnvironmentVariable} to its full path.");
        }

        BeforeLoading();
        StringBuilder reasons = new();
        foreach (string place in places)
        {
            // The loader names a missing dependency only in its exception, so a file that is there
            // is loaded the throwing way.
            string reason = "no such file";
            if (!Path.IsPathRooted(place) || File.Exists(place))
            {
                try
                {
                    BeforeLoadingFrom(place);
                    return (NativeLibrary.Load(place), place);
                }
                catch (Exception exception) when (exception is DllNotFoundException or BadImageFormatException)
                {
                    reason = Reason(place, exception.Message);
                }
            }

            reasons.Append(reasons.Length == 0 ? "" : "; ").Append(place).Append(": ").Append(reason);
        }

        throw new DllNotFoundException(
            $"The native library {FileName} cannot be loaded. Looked at: {reasons}. {Remedy} Or set "
            + $"{EnvironmentVariable} to its full path.");
    }

    /// <summary>
    /// Refuses a library of ours whose <paramref name="function"/> does not return the version that
    /// its bindings mirror.
    /// </summary>
    /// <exception cref="BadImageFormatException">
    /// The version differs, or the library does not state one.
    /// </exception>
    internal static unsafe void VerifyVersion(nint library, string place, string function, int expected)
    {
        int? version = NativeLibrary.TryGetExport(library, function, out nint address)
            ? ((delegate* unmanaged<int>)address)()
            : null;
        if (version != expected)
        {
            throw new BadImageFormatException(
                $"The native library {place} has ABI version {version?.ToString() ?? "none"}, but these bindings were "
                + $"written for version {expected}."
                + " Run ./build.sh so that the library and the bindings come from the same sources.",
                place);
        }
    }

    // The runtime's first line is advice on tracing the loader, whose own words, often with the
    // place in front, are on the lines below.
    private static string Reason(string place, string message)
    {
        string[] lines = message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        string words = string.Join(' ', lines.Length > 1 ? lines[1..] : lines);
        return words.StartsWith($"{place}: ", StringComparison.Ordinal) ? words[(place.Length + 2)..] : words;
    }
}
