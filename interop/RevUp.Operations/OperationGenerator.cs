using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;
using RevUp.Operations.Writing;

namespace RevUp.Operations;

/// <summary>
/// Writes all C# that follows from an operation: from its declaration in revup_cpu.h with the
/// comment above it, its kernel in native/cuda, and its oracle in native/cpu/reference. The
/// property OperationsAs selects the part.
/// </summary>
[Generator]
public sealed class OperationGenerator : IIncrementalGenerator
{
    private const string Property = "build_property.OperationsAs";

    private static readonly DiagnosticDescriptor s_unreadable = new(
        "REVUP001", "Native source cannot be read", "{0}", "RevUp", DiagnosticSeverity.Error, isEnabledByDefault: true);

    private static readonly Dictionary<string, Func<NativeSources, IEnumerable<(string, string)>>> s_parts = new()
    {
        ["bindings"] = BindingWriter.Write,
        ["backends"] = BackendWriter.Write,
        ["tests"] = TestWriter.Write,
    };

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValueProvider<string> part = context.AnalyzerConfigOptionsProvider.Select(
            (options, _) => options.GlobalOptions.TryGetValue(Property, out string? value) ? value : "");
        IncrementalValueProvider<ImmutableArray<(string Path, string Text)>> sources = context.AdditionalTextsProvider
            .Select((file, cancel) => (file.Path, file.GetText(cancel)?.ToString() ?? "")).Collect();
        context.RegisterSourceOutput(sources.Combine(part), (output, input) => Write(output, input.Left, input.Right));
    }

    private static void Write(
        SourceProductionContext output, ImmutableArray<(string Path, string Text)> sources, string part)
    {
        try
        {
            foreach ((string name, string text) in Part(part)(NativeSources.Read(sources)))
            {
                output.AddSource(name + ".g.cs", SourceText.From(text, Encoding.UTF8));
            }
        }
        catch (UnreadableException exception)
        {
            output.ReportDiagnostic(Diagnostic.Create(s_unreadable, Location.None, exception.Message));
        }
    }

    private static Func<NativeSources, IEnumerable<(string, string)>> Part(string name) =>
        s_parts.TryGetValue(name, out Func<NativeSources, IEnumerable<(string, string)>>? part)
            ? part
            : throw new UnreadableException($"OperationsAs is '{name}'; use {string.Join(", ", s_parts.Keys)}.");
}
