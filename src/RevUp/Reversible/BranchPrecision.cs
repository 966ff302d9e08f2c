using System.Text.Json.Serialization;
using RevUp.Backends;

namespace RevUp.Reversible;

/// <summary>
/// Arithmetic of a network: of its branches, stem, transitions and norms. The residual stream, the
/// weights and the head's matrix product are float32 under each.
/// </summary>
[JsonConverter(typeof(JsonStringEnumConverter<BranchPrecision>))]
public enum BranchPrecision
{
    /// <summary>IEEE binary32 everywhere. A GPU computes it without tensor cores.</summary>
    [JsonStringEnumMemberName("float32")]
    Float32 = 0,

    /// <summary>
    /// bfloat16 inside the branches, on devices that have it: CUDA from compute capability 8.0,
    /// processors with AVX-512. On CUDA the convolutions of transitions are bfloat16 too, and all
    /// other convolutions TF32; on the CPU they are float32.
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

    /// <summary>
    /// float32 storage; convolutions round their factors to TF32, with 11 bits of significand. On
    /// CUDA alone, in tensor cores.
    /// </summary>
    [JsonStringEnumMemberName("tf32")]
    Tf32 = 3,
}
