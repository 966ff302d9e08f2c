using System.Runtime.InteropServices;

namespace RevUp.Interop.Cpu;

public static unsafe partial class CpuLibrary
{
    /// <summary>y[n, o] = Σᵢ x[n, i]·w[o, i] + bias[o].</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_linear_forward")]
    public static partial CpuStatus LinearForward(long batch, long inputs, long outputs, float* x, float* w, float* bias, float* y);

    /// <summary>dx = dy·w, dw += dyᵀ·x, dbias += column sums of dy.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_linear_backward")]
    public static partial CpuStatus LinearBackward(
        long batch, long inputs, long outputs, float* x, float* w, float* dy, float* dx, float* dw, float* dbias);

    /// <summary>
    /// lossSum = −Σ targets·log softmax(logits), gradient = gradientScale·(softmax(logits) − targets), correct = rows whose largest logit and target have the
    /// same index (first of equals). Each row of targets sums to 1. gradient may be null, and may alias logits.
    /// </summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_cross_entropy")]
    public static partial CpuStatus CrossEntropy(
        long batch, long classes, float* logits, float* targets, float gradientScale, float* gradient, double* lossSum, long* correct);

    /// <summary>
    /// Whether a step may be taken, and with which scale of its gradient; see <see cref="Sgd"/> for <paramref name="settings"/>. losses [2] are reported and
    /// set to 0; inversions [blocks, stride, 2] and evaluations [blocks] may be null without blocks, coefficients [blocks] always; outcome has 6 numbers.
    /// </summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_step_verdict")]
    public static partial CpuStatus StepVerdict(
        long blocks, long stride, double averaging, double clipNorm, double hardLimit, double tolerance, double rounding, double* losses,
        double* squareSum, double* inversions, double* evaluations, float* coefficients, double* settings, double* outcome);

    /// <summary>
    /// d = gradientScale·g + weightDecay·w; m = momentum·m + d; w −= learningRate·(nesterov ? d + momentum·m : m), over flat buffers. settings are a
    /// revup_optimizer_settings (9 numbers) and a revup_parameter_group (3 numbers) per group.
    /// </summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_sgd")]
    public static partial CpuStatus Sgd(long groups, double* settings, float* gradient, float* momentumBuffer, float* weights);

    /// <summary>AdamW (arXiv 1711.05101) as PyTorch computes it; settings as above.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_adamw")]
    public static partial CpuStatus AdamW(long groups, double* settings, float* gradient, float* firstMoment, float* secondMoment, float* weights);
}
