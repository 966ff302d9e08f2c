namespace RevUp.Data.Dense;

/// <summary>Statistics that normalise a channel.</summary>
internal enum ChannelRuleKind
{
    /// <summary>Mean and deviation of each case.</summary>
    Case,

    /// <summary>Computed tomography: clip, mean and deviation of the training cases.</summary>
    Ct,

    /// <summary>None: values stay as they are.</summary>
    None,
}
