using System.Diagnostics;
using RevUp.Interop.Nvtx;
using RevUp.Tensors;

namespace RevUp.Backends;

/// <summary>
/// A device: its memory and the operations of the algorithm, each one pass over memory. Activations are channels-last; "scalar" is a tensor of one float32,
/// and may be empty where the comment says so. An operation writes only what it names as output, and aliasing is allowed only where said.
/// </summary>
/// <remarks>
/// Operations take effect in call order. One thread drives a backend at a time: a call of a network
/// or a step throws while another thread is in one. Sums are accumulated in float64 in an order
/// fixed by shape and thread count: the same inputs give the same bits. Wrong shapes are errors of
/// the program, of which the native layer reports what it can see. A tensor that was freed, or
/// whose backend was disposed, throws <see cref="ObjectDisposedException"/>.
/// </remarks>
public abstract partial class Backend : IDisposable
{
    private readonly Dictionary<ConvolutionGeometry, ConvolutionPlan> _plans = [];

    /// <summary>"cpu" or "cuda".</summary>
    public abstract string Name { get; }

    /// <summary>One line about the device and the libraries that drive it.</summary>
    public abstract string Description { get; }

    /// <summary>The memory of this device.</summary>
    public abstract Arena Memory { get; }

    /// <summary>Whether residual branches may be stored in and computed with <paramref name="type"/>.</summary>
    public abstract bool Supports(ElementType type);

    /// <summary>
    /// Whether branches in <paramref name="type"/> take less time than in float32: bfloat16 on GPUs of compute capability 8.0,
    /// and on processors with AMX. With AVX-512 alone the step takes 1.05 to 1.10 times as long (results/step.md): its products
    /// at the double rate are worth less than Winograd's convolution, which is float32's.
    /// </summary>
    public abstract bool Accelerates(ElementType type);

    /// <summary>
    /// Names the work issued from here until the result is disposed, for a profiler; ranges nest, and <see cref="ProfilerRanges"/> lists those of the library.
    /// Does nothing on the CPU and where librevup_nvtx was not built. No garbage.
    /// </summary>
    public virtual NvtxRange Range(NvtxName name) => default;

    /// <summary>The plan for a geometry, created on first use.</summary>
    public ConvolutionPlan Convolution(ConvolutionGeometry geometry)
    {
        using Driving driving = Drive();
        if (!_plans.TryGetValue(geometry, out ConvolutionPlan? plan))
        {
            plan = CreateConvolution(geometry);
            _plans.Add(geometry, plan);
        }
        return plan;
    }

    /// <summary>Whether operations may return before they are complete, so that looking at their results in between costs time.</summary>
    public virtual bool IsAsynchronous => false;

    /// <summary>Whether <see cref="Record"/> works.</summary>
    public virtual bool CanRecord => false;

    /// <summary>Copies from the host; element types must match.</summary>
    public abstract void Upload<T>(ReadOnlySpan<T> source, Tensor destination) where T : unmanaged;

    /// <summary>Copies to the host, after everything issued before.</summary>
    public abstract void Download<T>(Tensor source, Span<T> destination) where T : unmanaged;

    /// <summary>
    /// Copies from the host beside the work that the device is doing, which must not use <paramref name="destination"/>: what was issued since the last
    /// <see cref="ReleaseStaged"/>. The source may change as soon as this returns.
    /// </summary>
    public virtual void Stage<T>(ReadOnlySpan<T> source, Tensor destination) where T : unmanaged => Upload(source, destination);

    /// <summary>Work issued from here on waits for what has been staged.</summary>
    public virtual void ReceiveStaged()
    {
    }

    /// <summary>What is staged from here on waits for the work issued so far.</summary>
    public virtual void ReleaseStaged()
    {
    }

    /// <summary>A place on the host for <paramref name="count"/> float64 results, which arrive without being waited for; the caller disposes it.</summary>
    public virtual Readback CreateReadback(int count) => new ImmediateReadback(this, count);

    /// <summary>
    /// Records the operations that <paramref name="issue"/> issues, which are not done now, to be done again and again by one call. It must issue what it has
    /// issued before on this device, and may neither wait for results nor copy from the host. Tensors keep their addresses: the caller makes sure that they
    /// are those at every replay (<see cref="Arena.Layout"/>). The caller disposes the result.
    /// </summary>
    /// <exception cref="NotSupportedException">The device cannot: <see cref="CanRecord"/> is false.</exception>
    public virtual RecordedWork Record(Action issue)
    {
        RequireDevice();
        throw new NotSupportedException($"The device '{Name}' records no work.");
    }

    /// <summary>y = value everywhere.</summary>
    public abstract void Fill(Tensor y, float value);

    /// <summary>y = x, converted to y's type.</summary>
    public abstract void Cast(Tensor x, Tensor y);

    /// <summary>y = φ(x + a) + b with scalars a, b. y may alias x when the types are equal.</summary>
    public abstract void PreactivationForward(Activation activation, Tensor x, Tensor a, Tensor b, Tensor y);

    /// <summary>
    /// dx = residual + scale·dy·φ'(x + a); sumB += Σ scale·dy; sumA += Σ scale·dy·φ'(x + a). Scale and residual may be empty (1 and 0). dx may alias dy and
    /// residual when the types are equal.
    /// </summary>
    public abstract void PreactivationBackward(
        Activation activation, Tensor x, Tensor a, Tensor dy, Tensor scale, Tensor residual, Tensor dx, Tensor sumA, Tensor sumB);

    /// <summary>
    /// mean and variance (biased) [C] of every channel of x over batch and positions, and running += momentum·(batch − running), with the unbiased variance,
    /// unless the running statistics are empty.
    /// </summary>
    public abstract void BatchNormStatistics(Tensor x, float momentum, Tensor mean, Tensor variance, Tensor runningMean, Tensor runningVariance);

    /// <summary>y = φ(n·weight + bias) with n = (x − mean) / √(variance + ε), channel by channel. y may alias x when the types are equal.</summary>
    public abstract void BatchNormForward(Activation activation, Tensor x, BatchNormChannels channels, Tensor y);

    /// <summary>
    /// With g = scale·dy·φ'(n·weight + bias), and mean and variance those of x itself: dx = residual + weight / √(variance + ε) · (g − mean(g) − n·mean(g·n));
    /// weightGradient += Σ g·n; biasGradient += Σ g. Without mean and variance: dx = residual + weight·g. Scale, residual and either gradient may be empty (1,
    /// 0, not wanted). dx may alias dy and residual when the types are equal.
    /// </summary>
    public abstract void BatchNormBackward(
        Activation activation,
        Tensor x,
        BatchNormChannels channels,
        Tensor dy,
        Tensor scale,
        Tensor residual,
        Tensor dx,
        Tensor weightGradient,
        Tensor biasGradient);

    /// <summary>y = x + s·z. y may alias x, and z when z is float32.</summary>
    public abstract void ResidualAdd(Tensor x, Tensor z, Tensor s, Tensor y);

    /// <summary>
    /// next = y − s·z, and statistics[0] = Σ(next − x)², statistics[1] = Σ next² (float64). next may alias y, x, and z when z is float32.
    /// </summary>
    public abstract void FixedPointStep(Tensor y, Tensor z, Tensor s, Tensor x, Tensor next, Tensor statistics);

    /// <summary>
    /// decoded = x, rounded to multiples of 2⁻¹⁶: where a stream that is kept as quantised differences starts. Decoded is all that the backward pass will know
    /// of the stream; its changes are multiples of 2⁻¹⁶ too, so that it is retraced bit for bit while |decoded| is below 2⁸, and beyond to rounding.
    /// </summary>
    public abstract void QuantizeBegin(Tensor x, Tensor decoded);

    /// <summary>
    /// y = x + s·z, code = round((y − decoded) / step), decoded += code·step; x, z, y, decoded [N, …, C]. The step of a sample and channel is the least with
    /// which codes fit <paramref name="bits"/>, 4 or 8. The difference is taken to what was decoded and not to x, so that |y − decoded| is at most half a step,
    /// whatever the blocks before have lost (differential pulse-code modulation). y may alias x.
    /// </summary>
    /// <param name="bits">Per element.</param>
    /// <param name="x">The block's input.</param>
    /// <param name="z">Its branch, of any type.</param>
    /// <param name="s">Scalar.</param>
    /// <param name="y">The block's output.</param>
    /// <param name="decoded">Updated.</param>
    /// <param name="codes">Bytes: for each position ⌈C·bits/8⌉.</param>
    /// <param name="steps">[N, C], bfloat16.</param>
    public abstract void QuantizeResidual(int bits, Tensor x, Tensor z, Tensor s, Tensor y, Tensor decoded, Tensor codes, Tensor steps);

    /// <summary>decoded −= code·step: what it was before <see cref="QuantizeResidual"/> left these codes and steps.</summary>
    public abstract void QuantizeRetrace(int bits, Tensor codes, Tensor steps, Tensor decoded);

    /// <summary>y += alpha·x; alpha a scalar, or empty for 1.</summary>
    public abstract void Axpy(Tensor alpha, Tensor x, Tensor y);

    /// <summary>result[0] = Σ x·y (float64).</summary>
    public abstract void Dot(Tensor x, Tensor y, Tensor result);

    /// <summary>
    /// Of many vectors at once, each a part x of <paramref name="buffer"/>: their norms ‖x‖, and x = x / ‖x‖. Of a zero vector the norm is 0 and x becomes a
    /// unit vector drawn from <paramref name="seed"/> plus its number.
    /// </summary>
    /// <param name="table">[vectors, 3], float64: first element, a multiple of 16, number of elements, and where in the buffer the norm goes.</param>
    /// <param name="longest">The largest number of elements.</param>
    /// <param name="seed">Of what is drawn.</param>
    /// <param name="buffer">Flat, float32.</param>
    public abstract void NormalizeAll(Tensor table, long longest, ulong seed, Tensor buffer);

    /// <summary>
    /// The factors of a branch, <see cref="BranchScale"/>, from its multiplier s, the norms σ [m] of its convolutions, and the coefficient c. The bound without
    /// them, |s|·∏σ, goes to <paramref name="bound"/> (float64), which may be empty.
    /// </summary>
    public abstract void BranchScaleForward(BranchBound mode, Tensor coefficient, Tensor multiplier, Tensor sigmas, Tensor scales, Tensor bound);

    /// <summary>From dots[i] = ⟨wgradᵢ, Wᵢ⟩ (float64) to the gradients: ds is added to, dσ [m] is overwritten.</summary>
    public abstract void BranchScaleBackward(
        BranchBound mode,
        Tensor coefficient,
        Tensor multiplier,
        Tensor sigmas,
        Tensor scales,
        Tensor dots,
        Tensor multiplierGradient,
        Tensor sigmaGradients);

    /// <summary>factor = 2^tanh(t), inverseFactor = 1/factor, inverseShift = −b/factor, each rounded once. All tensors [C].</summary>
    public abstract void AffineFactorsForward(Tensor t, Tensor b, Tensor factor, Tensor inverseFactor, Tensor inverseShift);

    /// <summary>gradient += factorGradient·factor·ln 2·(1 − tanh²(t)). All tensors [C].</summary>
    public abstract void AffineFactorsBackward(Tensor t, Tensor factorGradient, Tensor gradient);

    /// <summary>The orthogonal matrix [C, …, C] of the angles; see <see cref="ChannelRotations"/>.</summary>
    public abstract void ChannelRotationsForward(Tensor angles, Tensor matrix);

    /// <summary>
    /// The gradient of the angles, added to, from the gradient of the matrix. Both matrices are undone stage by stage: the first becomes the identity.
    /// </summary>
    public abstract void ChannelRotationsBackward(Tensor angles, Tensor matrix, Tensor matrixGradient, Tensor gradient);

    /// <summary>Space-to-depth with blocks of 2: [N, H, W, C] → [N, H/2, W/2, 4C], in 3-D 8C.</summary>
    public abstract void Squeeze(Tensor x, Tensor y);

    /// <summary>The inverse, and the gradient, of <see cref="Squeeze"/>.</summary>
    public abstract void Unsqueeze(Tensor y, Tensor x);

    /// <summary>Appends zero channels, or drops the last ones, until x has y's channels.</summary>
    public abstract void ResizeChannels(Tensor x, Tensor y);

    /// <summary>The halves of the channels: x [N, …, 2C] → first and second [N, …, C].</summary>
    public abstract void SplitChannels(Tensor x, Tensor first, Tensor second);

    /// <summary>The inverse, and the gradient, of <see cref="SplitChannels"/>.</summary>
    public abstract void MergeChannels(Tensor first, Tensor second, Tensor x);

    /// <summary>y[n, c] = mean over positions of x[n, …, c].</summary>
    public abstract void GlobalAveragePoolForward(Tensor x, Tensor y);

    /// <summary>dx[n, …, c] = dy[n, c] / positions.</summary>
    public abstract void GlobalAveragePoolBackward(Tensor dy, Tensor dx);

    /// <summary>Maximum over windows of 3 with stride 2 and padding 1 along every axis.</summary>
    public abstract void MaxPoolForward(Tensor x, Tensor y);

    /// <summary>The gradient of <see cref="MaxPoolForward"/>; the maximum is found again in x.</summary>
    public abstract void MaxPoolBackward(Tensor x, Tensor dy, Tensor dx);

    /// <summary>y [N, O] = x [N, I] · wᵀ [I, O] + bias [O].</summary>
    public abstract void LinearForward(Tensor x, Tensor w, Tensor bias, Tensor y);

    /// <summary>dx = dy · w; dw += dyᵀ · x; dbias += column sums of dy.</summary>
    public abstract void LinearBackward(Tensor x, Tensor w, Tensor dy, Tensor dx, Tensor dw, Tensor dbias);

    /// <summary>
    /// Cross-entropy with soft targets: statistics[0] += Σ loss, statistics[1] += rows whose largest logit is the largest target (float64), and, unless it is
    /// empty, gradient = gradientScale · (softmax(logits) − targets). gradient may alias logits.
    /// </summary>
    public abstract void CrossEntropy(Tensor logits, Tensor targets, float gradientScale, Tensor gradient, Tensor statistics);

    /// <summary>
    /// Whether a step may be taken and with which scale of its gradient, decided where the numbers are: writes both into <paramref name="settings"/>
    /// (<see cref="OptimizerNumbers"/>) and reports them. The scale is averaging · min(1, clipNorm / ‖average gradient‖). The step is skipped when its loss or
    /// norm is not finite, or a block's residual is not at most the hard limit, or a block with a coefficient of 1 or more has not converged: the bound of its
    /// error, L̂/(1−L̂) times the residual with L̂ the ratio of its last two corrections, is above the tolerance.
    /// </summary>
    /// <param name="limits">What is compared with.</param>
    /// <param name="losses">[2], as <see cref="CrossEntropy"/> adds them up; zero afterwards, for the next step.</param>
    /// <param name="squareSum">Σ g² over all gradients: a scalar, float64.</param>
    /// <param name="inversions">[blocks, stride, 2], for each evaluation of a block the statistics of <see cref="FixedPointStep"/>; may be empty.</param>
    /// <param name="evaluations">[blocks], float64: how many there were, 0 to stride; the last gives √(s₀/s₁), the residual. Empty with the above.</param>
    /// <param name="coefficients">[blocks], float32: what each block's Lipschitz bound is held under; empty where all are below 1.</param>
    /// <param name="settings">Of the optimiser.</param>
    /// <param name="outcome">[<see cref="StepOutcome.Length"/>], float64.</param>
    public abstract void StepVerdict(
        in StepLimits limits,
        Tensor losses,
        Tensor squareSum,
        Tensor inversions,
        Tensor evaluations,
        Tensor coefficients,
        Tensor settings,
        Tensor outcome);

    /// <summary>
    /// SGD with momentum over all parameter groups, float32, flat; <paramref name="settings"/> are <see cref="OptimizerNumbers"/>. Elements that are zero in
    /// every buffer, the gaps between tensors, stay zero. Does nothing when the settings say so.
    /// </summary>
    public abstract void Sgd(Tensor settings, Tensor gradients, Tensor momentumBuffer, Tensor weights);

    /// <summary>AdamW, likewise.</summary>
    public abstract void AdamW(Tensor settings, Tensor gradients, Tensor firstMoment, Tensor secondMoment, Tensor weights);

    /// <summary>
    /// Milliseconds that the device takes for each of <paramref name="repeats"/> calls of <paramref name="work"/>, one behind the other without a wait between
    /// them, so that on a device that works asynchronously the host's time hides behind the device's. Waits for the last one.
    /// </summary>
    public virtual double[] Time(int repeats, Action work)
    {
        using Driving driving = Drive();
        ArgumentNullException.ThrowIfNull(work);
        double[] milliseconds = new double[repeats];
        foreach (ref double time in milliseconds.AsSpan())
        {
            long start = Stopwatch.GetTimestamp();
            work();
            time = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }
        return milliseconds;
    }

    /// <summary>Creates the plan of a geometry that has none yet.</summary>
    protected abstract ConvolutionPlan CreateConvolution(ConvolutionGeometry geometry);
}
