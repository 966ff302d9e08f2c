using System.Diagnostics.CodeAnalysis;
using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Runs;

/// <summary>Steps of a run that a profile is of.</summary>
/// <param name="First">Number of the first, counted from 1.</param>
/// <param name="Last">Number of the last.</param>
internal sealed record StepWindow(long First, long Last)
{
    /// <summary>
    /// Name of the file with the operations of a recorded step, in the order of a graph's nodes.
    /// </summary>
    public const string GraphNames = "graph-nodes.tsv";

    private const char Between = ':';

    /// <summary>Number of its steps.</summary>
    public int Count => (int)(Last - First + 1);

    /// <summary>Words of help for a text that <see cref="TryParse"/> refuses.</summary>
    public const string Allowed = "FIRST:LAST, such as 30:33: two numbers of steps, counted from 1";

    /// <summary>"30:33", or "30" for one step.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out StepWindow? window)
    {
        string[] words = text.Split(Between);
        window = words.Length <= 2 && Number(words[0], out int first) && Number(words[^1], out int last)
            && first >= 1 && last >= first
            ? new StepWindow(first, last)
            : null;
        return window is not null;

        static bool Number(string word, out int value) =>
            int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }

    /// <summary>Throws where a run does not come through the window.</summary>
    /// <param name="option">The option that asks for it.</param>
    /// <param name="done">Steps that the run has behind it.</param>
    /// <param name="steps">Steps of the whole run.</param>
    /// <exception cref="ConfigurationException">Names the window and the run's steps.</exception>
    public void Require(string option, long done, long steps)
    {
        ConfigurationException.Require(
            Last <= steps, $"{option} is {First}:{Last}, and the run has {steps} steps; end it at {steps} or before");
        ConfigurationException.Require(
            First > done, $"{option} is {First}:{Last}, and the run goes on after step {done}; begin it later");
    }

    /// <summary>Opens the profiler's window where the next step is the first of these.</summary>
    public void Begin(Backend backend, long next)
    {
        if (next == First)
        {
            backend.Capture(isOpen: true);
        }
    }

    /// <summary>
    /// Closes the profiler's window behind the last step's work, where that step is done.
    /// </summary>
    public void End(Backend backend, long done)
    {
        if (done == Last)
        {
            backend.Capture(isOpen: false);
        }
    }
}
