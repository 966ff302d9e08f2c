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

    /// <summary>d = gradientScale·g + weightDecay·w; m = momentum·m + d; w −= learningRate·(nesterov ? d + momentum·m : m).</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_sgd")]
    public static partial CpuStatus Sgd(
        long count, float learningRate, float momentum, float weightDecay, int nesterov, float gradientScale, float* gradient, float* momentumBuffer,
        float* weights);

    /// <summary>AdamW (arXiv 1711.05101) as PyTorch computes it, step counted from 1.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_adamw")]
    public static partial CpuStatus AdamW(
        long count, float learningRate, float beta1, float beta2, float epsilon, float weightDecay, long step, float gradientScale, float* gradient,
        float* firstMoment, float* secondMoment, float* weights);
}
