using System.Text.Json.Serialization;
using RevUp.Backends;

namespace RevUp.Reversible;

/// <summary>Storage type and arithmetic inside the residual branches.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<BranchPrecision>))]
public enum BranchPrecision
{
    /// <summary>IEEE binary32.</summary>
    [JsonStringEnumMemberName("float32")]
    Float32 = 0,

    /// <summary>
    /// bfloat16, on devices that have it: CUDA from compute capability 8.0, processors with
    /// AVX-512.
    /// </summary>
    [JsonStringEnumMemberName("bfloat16")]
    BFloat16 = 1,

    /// <summary>
    /// bfloat16 where the device computes it faster than float32
    /// (<see cref="Backend.Accelerates"/>), else float32. A network decides it when it is built; a
    /// run decides it at its first step and keeps it.
    /// </summary>
    [JsonStringEnumMemberName("auto")]
    Auto = 2,
}
