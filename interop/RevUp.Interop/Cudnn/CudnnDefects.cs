namespace RevUp.Interop.Cudnn;

/// <summary>Convolutions that a version of cuDNN is known to compute wrong.</summary>
internal static class CudnnDefects
{
    // pytorch#163539: bfloat16, silently wrong on volumes of 16 channels. pytorch#167024: TF32, "a
    // broken kernel for 3D conv cases without clearly defined constraints".
    private static readonly Version s_firstWrongVolumes = new(9, 8);
    private static readonly Version s_firstRightVolumes = new(9, 16);

    /// <summary>Whether 3-D convolutions in bfloat16 and TF32 may be wrong.</summary>
    public static bool HasWrongVolumes(Version version) =>
        version >= s_firstWrongVolumes && version < s_firstRightVolumes;

    /// <summary>
    /// Why a convolution must not be computed by this version, and what to do; null where nothing
    /// is known against it.
    /// </summary>
    public static string? Find(Version version, in CudnnGeometry geometry) =>
        HasWrongVolumes(version) && geometry.Input.Length == 3 && geometry.MathType != CudnnMathType.Fma
            ? $"cuDNN {version} computes some 3-D convolutions wrong in bfloat16 and TF32 (pytorch issues 163539 and "
                + $"167024: cuDNN {s_firstWrongVolumes} to 9.15); install cuDNN {s_firstRightVolumes} or newer, or "
                + "9.7, or set model.precision to 'float32'"
            : null;
}
