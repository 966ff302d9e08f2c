namespace RevUp.Diagnostics;

/// <summary>Sums over the profiled steps.</summary>
internal sealed class ProfileCost
{
    /// <summary>Time on the device's clock.</summary>
    public double Milliseconds { get; set; }

    /// <summary>Operations.</summary>
    public long Calls { get; set; }

    /// <summary>Kernels, copies and calls of libraries; 0 where nobody counts them.</summary>
    public long Launches { get; set; }

    /// <summary>Operands, each read or written once.</summary>
    public long Bytes { get; set; }

    /// <summary>Floating-point operations of convolutions.</summary>
    public double Products { get; set; }
}
