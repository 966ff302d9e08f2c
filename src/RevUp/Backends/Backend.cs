using RevUp.Interop.Nvtx;
using RevUp.Tensors;

namespace RevUp.Backends;

/// <summary>
/// A device: its memory and the operations of the algorithm, each one pass over memory. Activations
/// are channels-last; "scalar" is a tensor of one float32, and may be empty where the comment says
/// so. An operation writes only what it names as output, and aliasing is allowed only where said.
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

    /// <summary>
    /// Whether residual branches may be stored in and computed with <paramref name="type"/>.
    /// </summary>
    public abstract bool Supports(ElementType type);

    /// <summary>
    /// Whether branches in <paramref name="type"/> take less time than in float32: bfloat16 on GPUs
    /// of compute capability 8.0, and on processors with AMX. With AVX-512 alone the step takes
    /// 1.05 to 1.10 times as long (results/step.md): its products at the double rate are worth less
    /// than Winograd's convolution, which is float32's.
    /// </summary>
    public abstract bool Accelerates(ElementType type);

    /// <summary>
    /// Whether float32 convolutions may run on tensor cores, which round their factors to TF32.
    /// </summary>
    internal virtual bool HasTf32 => false;

    /// <summary>
    /// Storage type of the transitions between stages, for branches in <paramref name="branch"/>:
    /// float32 on the CPU.
    /// </summary>
    internal virtual ElementType TransitionType(ElementType branch) => ElementType.Float32;

    /// <summary>
    /// Whether branches in bfloat16 keep the inputs of their convolutions instead of the outputs,
    /// and write the first of them along with the stream: fewer bytes, and gradients of φ from
    /// rounded numbers. Not on the CPU, unless a test asks for it before it builds a network.
    /// </summary>
    internal virtual bool KeepsPreactivations { get; set; }

    /// <summary>
    /// Names the work issued from here until the result is disposed, for a profiler; ranges nest,
    /// and <see cref="ProfilerRanges"/> lists the library's ranges. Does nothing on the CPU and
    /// where librevup_nvtx was not built. No garbage.
    /// </summary>
    /// <param name="name">Name of the work.</param>
    /// <param name="bytes">Bytes that it moves, for the profile; below 0 for none.</param>
    internal virtual NvtxRange Range(NvtxName name, long bytes = -1) => default;

    /// <summary>
    /// Gives a profiler a number of a layer that becomes known now. Does nothing where
    /// <see cref="Range"/> does nothing.
    /// </summary>
    internal virtual void Mark(NvtxName name, NvtxMark kind, double value)
    {
    }

    /// <summary>
    /// The most elements of a convolution's input or output that one call of a library takes. cuDNN
    /// addresses them in 32 bits. Larger convolutions are computed in parts, on every device.
    /// </summary>
    internal long ConvolutionLimit { get; set; } = int.MaxValue;

    /// <summary>The plan for a geometry, created on first use.</summary>
    internal ConvolutionPlan Convolution(ConvolutionGeometry geometry)
    {
        using Driving driving = Drive();
        if (!_plans.TryGetValue(geometry, out ConvolutionPlan? plan))
        {
            plan = InParts(geometry) ?? CreateConvolution(geometry);
            _plans.Add(geometry, plan);
        }
        return plan;
    }

    /// <summary>
    /// Whether operations may return before they are complete, so that looking at their results in
    /// between costs time.
    /// </summary>
    public virtual bool IsAsynchronous => false;

    /// <summary>Whether operations compute; if not, tensors need no numbers.</summary>
    internal virtual bool Computes => true;

    /// <summary>
    /// A backend that counts the same bytes and computes nothing; null where the device's sizes are
    /// known from its work alone. The caller disposes it before this one.
    /// </summary>
    internal virtual Backend? Sizing() => null;

    /// <summary>Whether <see cref="Record"/> works.</summary>
    public virtual bool CanRecord => false;

    /// <summary>Copies from the host; element types must match.</summary>
    public abstract void Upload<T>(ReadOnlySpan<T> source, Tensor destination) where T : unmanaged;

    /// <summary>Copies to the host, after everything issued before.</summary>
    public abstract void Download<T>(Tensor source, Span<T> destination) where T : unmanaged;

    /// <summary>
    /// Copies from the host beside the work that the device is doing, which must not use
    /// <paramref name="destination"/>: what was issued since the last <see cref="ReleaseStaged"/>.
    /// The source may change as soon as this returns.
    /// </summary>
    public virtual void Stage<T>(ReadOnlySpan<T> source, Tensor destination) where T : unmanaged =>
        Upload(source, destination);

    /// <summary>Work issued from here on waits for what has been staged.</summary>
    public virtual void ReceiveStaged()
    {
    }

    /// <summary>Work staged from here on waits for the work issued so far.</summary>
    public virtual void ReleaseStaged()
    {
    }

    /// <summary>
    /// A place on the host for <paramref name="count"/> float64 results, which arrive without being
    /// waited for; the caller disposes it.
    /// </summary>
    internal virtual Readback CreateReadback(int count) => new ImmediateReadback(this, count);

    /// <summary>
    /// Records the operations that <paramref name="issue"/> issues, without doing them: one call of
    /// the result does all of them. <paramref name="issue"/> must have run before on this device.
    /// It may neither wait for results nor copy from the host. The recording keeps the addresses of
    /// tensors: the caller makes sure that they are valid at every replay
    /// (<see cref="Arena.Layout"/>), and disposes the result.
    /// </summary>
    /// <exception cref="NotSupportedException">
    /// The device cannot: <see cref="CanRecord"/> is false.
    /// </exception>
    internal virtual RecordedWork Record(Action issue)
    {
        RequireDevice();
        throw new NotSupportedException($"The device '{Name}' records no work.");
    }

    /// <summary>
    /// The numbers of <paramref name="x"/> in a type: x itself, or else a new tensor in its place.
    /// </summary>
    internal Tensor Converted(Tensor x, ElementType type)
    {
        if (x.Type == type)
        {
            return x;
        }
        Tensor converted = Memory.Allocate(x.Shape, type, MemoryPurpose.Activations);
        Cast(x, converted);
        Memory.Free(x);
        return converted;
    }

    /// <summary>
    /// Milliseconds that the device takes for each of <paramref name="repeats"/> calls of
    /// <paramref name="work"/>. The calls follow each other without a wait, so on an asynchronous
    /// device the host's time hides behind the device's. Waits for the last call.
    /// </summary>
    public double[] Time(int repeats, Action work)
    {
        using Driving driving = Drive();
        ArgumentNullException.ThrowIfNull(work);
        using DeviceClock clock = CreateClock();
        List<double> milliseconds = new(repeats);
        clock.Mark();
        for (int i = 0; i < repeats; i++)
        {
            work();
            clock.Mark();
        }
        clock.Read(milliseconds);
        return [.. milliseconds];
    }

    /// <summary>
    /// A clock that measures the device's work; the caller disposes it before the backend.
    /// </summary>
    internal virtual DeviceClock CreateClock() => new HostClock();

    /// <summary>
    /// Kernels, copies and calls of libraries issued so far; 0 where nobody counts them.
    /// </summary>
    internal virtual long Launches => 0;

    /// <summary>
    /// File for the operations of recorded work in the order of its nodes, with their ranges: a
    /// profiler of a replay knows no ranges. Null for none; the newest recording is in it.
    /// </summary>
    internal string? GraphNames { get; set; }

    /// <summary>
    /// Waits for all work issued, then opens or closes the window in which a profiler that waits
    /// for cuProfilerStart looks. Does nothing where there are no such profilers.
    /// </summary>
    internal virtual void Capture(bool isOpen)
    {
    }

    // The plan of a convolution that is larger than the limit; null where it is not, or has no
    // parts.
    private ConvolutionPlan? InParts(ConvolutionGeometry geometry)
    {
        if (Math.Max(geometry.Input.Count, geometry.Output.Count) <= ConvolutionLimit)
        {
            return null;
        }
        if (SampleParts.SamplesOf(geometry, ConvolutionLimit) is > 0 and var samples)
        {
            return new SampleParts(this, geometry, samples);
        }
        int planes = geometry.Input.Batch == 1 ? PlaneParts.PlanesOf(geometry, ConvolutionLimit) : 0;
        return planes > 0 ? new PlaneParts(this, geometry, planes) : null;
    }

    /// <summary>Creates the plan of a geometry that has none yet.</summary>
    private protected abstract ConvolutionPlan CreateConvolution(ConvolutionGeometry geometry);
}
