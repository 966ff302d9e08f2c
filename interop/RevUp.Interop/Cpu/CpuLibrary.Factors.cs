using System.Runtime.InteropServices;

namespace RevUp.Interop.Cpu;

public static unsafe partial class CpuLibrary
{
    /// <summary>
    /// scales [2m + 1] from the multiplier s and the norms σ [m] of a branch's m convolutions: α [m], the effective multiplier, γ [m]. bound = |s|·∏σ may be
    /// null.
    /// </summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_branch_scale_forward")]
    public static partial CpuStatus BranchScaleForward(
        CpuBranchBound mode, long convolutions, float* coefficient, float* multiplier, float* sigmas, float* scales, double* bound);

    /// <summary>From dots[i] = ⟨wgradᵢ, Wᵢ⟩ to the gradients: ds is added to, dσ [m] is overwritten.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_branch_scale_backward")]
    public static partial CpuStatus BranchScaleBackward(
        CpuBranchBound mode, long convolutions, float* coefficient, float* multiplier, float* sigmas, float* scales, double* dots,
        float* multiplierGradient, float* sigmaGradients);

    /// <summary>factor = 2^tanh(t), inverseFactor = 1/factor, inverseShift = −b/factor, each rounded once.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_affine_factors_forward")]
    public static partial CpuStatus AffineFactorsForward(
        long channels, float* t, float* b, float* factor, float* inverseFactor, float* inverseShift);

    /// <summary>gradient += factorGradient·factor·ln 2·(1 − tanh²(t)).</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_affine_factors_backward")]
    public static partial CpuStatus AffineFactorsBackward(long channels, float* t, float* factorGradient, float* gradient);

    /// <summary>The orthogonal matrix [C, C] of the angles, stage after stage of rotations.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_channel_rotations_forward")]
    public static partial CpuStatus ChannelRotationsForward(long channels, float* angles, float* matrix);

    /// <summary>gradient += gradient of the angles. Both matrices are undone: the first becomes the identity.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_channel_rotations_backward")]
    public static partial CpuStatus ChannelRotationsBackward(long channels, float* angles, float* matrix, float* matrixGradient, float* gradient);
}
