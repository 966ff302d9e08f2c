namespace RevUp.Backends.Cuda;

/// <summary>When a pass of a convolution is fused with the operation behind it.</summary>
internal enum FusionRule
{
    /// <summary>Where that takes less time, and always where no library does the pass.</summary>
    ByTime,

    /// <summary>Always.</summary>
    Always,

    /// <summary>Never.</summary>
    Never,
}
