using RevUp.Tensors;

namespace RevUp.Backends.Cuda;

/// <summary>How convolutions are chosen.</summary>
internal sealed class ConvolutionOptions
{
    private const string FolderVariable = "REVUP_CACHE";

    // "own": RevUp's own convolutions alone; cuDNN computes nothing.
    private const string Variable = "REVUP_CONVOLUTIONS";
    private const string Own = "own";

    private readonly HashSet<string> _said = [];

    /// <summary>The most bytes of workspace that an algorithm may take.</summary>
    public long WorkspaceLimit { get; set; } = CudaBackend.DefaultWorkspaceLimit;

    /// <summary>Whether cuDNN is left out.</summary>
    public bool OwnAlone { get; set; } = ReadVariable();

    /// <summary>
    /// Which passes our own kernels do together with the operation behind them. Where they do all
    /// passes alone, nothing is slower together.
    /// </summary>
    public FusionRule Fusions { get; set; } = FusionRule.ByTime;

    /// <summary>
    /// Where choices are remembered: REVUP_CACHE, else revup in the user's folder of caches.
    /// </summary>
    public string Folder { get; set; } = ReadFolder();

    /// <summary>Told, in one paragraph for a user, of a refused algorithm.</summary>
    public Action<string>? Remark { get; set; }

    /// <summary>Says something once.</summary>
    public void Say(string remark)
    {
        if (_said.Add(remark))
        {
            Remark?.Invoke(remark);
        }
    }

    private static string ReadFolder()
    {
        string? named = Environment.GetEnvironmentVariable(FolderVariable);
        if (!string.IsNullOrEmpty(named))
        {
            return named;
        }
        string? caches = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return Path.Combine(string.IsNullOrEmpty(caches) ? Path.Combine(home, ".cache") : caches, "revup");
    }

    private static bool ReadVariable()
    {
        string? choice = Environment.GetEnvironmentVariable(Variable);
        ConfigurationException.Require(
            choice is null or "" or Own,
            $"{Variable} is '{choice}'; use '{Own}' for RevUp's own convolutions alone, or leave it unset");
        return choice == Own;
    }
}
