namespace RevUp.Interop.Cpu;

/// <summary>The result of every call into the CPU library (revup_status).</summary>
internal enum CpuStatus
{
    /// <summary>Done.</summary>
    Ok = 0,

    /// <summary>
    /// Null, misaligned, negative or inconsistent; the message names the argument.
    /// </summary>
    InvalidArgument = 1,

    /// <summary>The system has no memory left for the request.</summary>
    OutOfMemory = 2,

    /// <summary>Valid, but this build or processor cannot do it.</summary>
    Unsupported = 3,

    /// <summary>An exception inside the library; the message carries its text.</summary>
    Internal = 4,
}

/// <summary>How an element is stored (revup_type).</summary>
internal enum CpuType
{
    /// <summary>IEEE binary32, 4 bytes.</summary>
    [SuppressMessage("Naming", "CA1720", Justification = "The standard name of the type.")]
    Float32 = 0,

    /// <summary>The upper half of a binary32, 2 bytes.</summary>
    BFloat16 = 1,

    /// <summary>Labels, which are only copied, 2 bytes.</summary>
    UInt16 = 3,
}

/// <summary>Support of a processor for convolutions of a type (revup_support).</summary>
internal enum CpuSupport
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Compute them.</summary>
    Native = 1,

    /// <summary>Compute them faster than in float32.</summary>
    Fast = 2,
}

/// <summary>The nonlinearity φ (revup_activation).</summary>
internal enum CpuActivation
{
    /// <summary>φ(t) = t.</summary>
    Identity = 0,

    /// <summary>φ(t) = max(t, 0).</summary>
    Relu = 1,

    /// <summary>φ(t) = t for t > 0, eᵗ − 1 otherwise.</summary>
    Elu = 2,

    /// <summary>φ(t₀, t₁) = (max, min) of neighbouring channels.</summary>
    MaxMin = 3,
}

/// <summary>
/// How the Lipschitz bound of a residual branch is held under a coefficient (revup_branch_bound).
/// </summary>
internal enum CpuBranchBound
{
    /// <summary>Not at all.</summary>
    Unbounded = 0,

    /// <summary>Every convolution, and the multiplier.</summary>
    PerLayer = 1,

    /// <summary>The product of the multiplier and all norms.</summary>
    PerBranch = 2,
}

/// <summary>How a convolution is computed (revup_convolution_algorithm).</summary>
internal enum CpuConvolutionAlgorithm
{
    /// <summary>A sum of products for every output.</summary>
    Direct = 0,

    /// <summary>
    /// A quarter of the products, of transformed tiles: 3×3 taps at stride 1, in float32 (arXiv
    /// 1509.09308).
    /// </summary>
    Winograd = 1,
}

/// <summary>Passes of a convolution; values of revup_convolution_use.</summary>
internal enum CpuConvolutionUse
{
    /// <summary>fprop, dgrad and wgrad; weights are packed for each step.</summary>
    Training = 0,

    /// <summary>fprop alone; weights are packed once for many calls.</summary>
    Inference = 1,
}
