using RevUp.Tensors;

namespace RevUp.Backends;

/// <summary>
/// A convolution of one sample in parts of a few planes along the outermost axis. Its tensors are
/// larger than <see cref="Backend.ConvolutionLimit"/>, and each part's are not.
/// </summary>
/// <remarks>
/// Parts have no padding along the axis: they take the planes that the kernel reaches, views where
/// all of them exist, or else copies with zeros. Memory: copies and scratch of one part.
/// </remarks>
internal sealed class PlaneParts : ConvolutionPlan
{
    // Parts are a small share of the limit: so are the copies of the first and of the last one.
    private const int Share = 16;

    private readonly Backend _backend;
    private readonly ConvolutionPlan _part;
    private readonly ConvolutionPlan _adjoint; // of stride 1: gathers all gradients that reach a part
    private readonly int _planes;

    /// <param name="backend">The device.</param>
    /// <param name="geometry">Of one sample.</param>
    /// <param name="planes">Planes of a part's output, fewer than all.</param>
    public PlaneParts(Backend backend, ConvolutionGeometry geometry, int planes)
        : base(geometry)
    {
        (_backend, _planes) = (backend, planes);
        _part = backend.Convolution(Of(geometry, (planes - 1) * Stride + Kernel, padding: 0));
        _adjoint = Stride == 1 && !geometry.IsForwardAlone
            ? backend.Convolution(Of(geometry, planes, padding: Kernel - 1))
            : _part;
    }

    public override long PackedBytes => HasOnePacking ? _part.PackedBytes : Offset + _adjoint.PackedBytes;

    public override bool TakesPlainWeights => _part.TakesPlainWeights && _adjoint.TakesPlainWeights;

    public override bool TakesCopies => _part.TakesCopies && _adjoint.TakesCopies;

    private int Kernel => Geometry.Kernel[0];

    private int Stride => Geometry.Stride[0];

    private int Padding => Geometry.Padding[0];

    private bool HasOnePacking => _adjoint == _part || TakesPlainWeights || TakesCopies;

    // Bytes before the adjoint's packed weights.
    private long Offset => Arena.Rounded(_part.PackedBytes);

    /// <summary>
    /// The geometry of planes of one sample: other planes and padding along the outermost axis.
    /// </summary>
    public static ConvolutionGeometry Of(ConvolutionGeometry geometry, int planes, int padding) => geometry with
    {
        Input = geometry.Input.With(1, planes),
        Padding = geometry.Padding with { First = padding },
    };

    /// <summary>
    /// Planes of a part's output for a limit; 0 where planes begin where no tensor may, or are no
    /// fewer than all.
    /// </summary>
    public static int PlanesOf(ConvolutionGeometry geometry, long limit)
    {
        (Shape input, Shape output) = (geometry.Input, geometry.Output);
        // Gradients of other types do not add up.
        bool adds = geometry.Stride[0] == 1 || geometry.Type == ElementType.Float32;
        bool isAligned = Planes.AreAligned(input, geometry.Type) && Planes.AreAligned(output, geometry.Type);
        long plane = Math.Max(Planes.Elements(input) * geometry.Stride[0], Planes.Elements(output));
        long most = Math.Min(output.Extent(0), input.Extent(0) / geometry.Stride[0]);
        long planes = Math.Max(1, limit / Share / plane);
        return adds && isAligned && planes < most ? (int)planes : 0;
    }

    public override void Pack(Tensor weights, Tensor scale, Tensor packed)
    {
        _part.Pack(weights, scale, packed);
        if (!HasOnePacking)
        {
            _adjoint.Pack(weights, scale, Adjoint(packed));
        }
    }

    public override void Forward(Tensor x, Tensor packed, Tensor y)
    {
        (Planes xs, Planes ys) = (Planes.Of(x, 0), Planes.Of(y, 0));
        for (int first = 0; first < ys.Depth; first += _planes)
        {
            PlaneRun run = Whole(first, ys.Depth);
            Planes part = xs.Padded(_backend, Reached(run), x.Type);
            _part.Forward(part.Tensor, packed, ys[run]);
            xs.Release(_backend, part);
        }
    }

    public override void BackwardData(Tensor dy, Tensor packed, Tensor dx)
    {
        (Planes dys, Planes dxs) = (Planes.Of(dy, 0), Planes.Of(dx, 0));
        if (_adjoint == _part)
        {
            Scatter(dys, packed, dxs);
            return;
        }
        for (int first = 0; first < dxs.Depth; first += _planes)
        {
            PlaneRun run = Whole(first, dxs.Depth);
            Planes part = dys.Padded(
                _backend, new PlaneRun(run.First + Padding - (Kernel - 1), run.End + Padding), dy.Type);
            _adjoint.BackwardData(part.Tensor, HasOnePacking ? packed : Adjoint(packed), dxs[run]);
            dys.Release(_backend, part);
        }
    }

    public override void BackwardWeights(Tensor x, Tensor dy, Tensor dw)
    {
        (Planes xs, Planes dys) = (Planes.Of(x, 0), Planes.Of(dy, 0));
        Tensor sum = BeginSum(_backend, dw);
        for (int first = 0; first < dys.Depth; first += _planes)
        {
            // Behind the last plane the gradient is zero, and adds nothing.
            PlaneRun run = new(first, first + _planes);
            (Planes px, Planes pdy) =
                (xs.Padded(_backend, Reached(run), x.Type), dys.Padded(_backend, run, dy.Type));
            _part.AddWeights(_backend, px.Tensor, pdy.Tensor, sum, isFirst: first == 0);
            dys.Release(_backend, pdy);
            xs.Release(_backend, px);
        }
        EndSum(_backend, sum, dw);
    }

    // A part's gradients add up where kernels of neighbouring parts overlap.
    private void Scatter(Planes dys, Tensor packed, Planes dxs)
    {
        _backend.Fill(dxs.Tensor, 0);
        for (int first = 0; first < dys.Depth; first += _planes)
        {
            PlaneRun run = new(first, first + _planes);
            Planes part = dys.Padded(_backend, run, dys.Tensor.Type);
            Planes sums = Planes.Allocate(_backend, dxs.Tensor.Shape, dxs.Tensor.Type, Reached(run));
            _part.BackwardData(part.Tensor, packed, sums.Tensor);
            dys.Release(_backend, part);
            if (!sums.Inside.IsEmpty)
            {
                _backend.Axpy(default, sums[sums.Inside], dxs[sums.Inside]);
            }
            _backend.Memory.Free(sums.Tensor);
        }
    }

    // The last part ends with the sample, and computes some planes again.
    private PlaneRun Whole(int first, int depth) =>
        new(Math.Min(first, depth - _planes), Math.Min(first + _planes, depth));

    // The planes under the kernels of a run of planes of the output.
    private PlaneRun Reached(PlaneRun run)
    {
        int first = run.First * Stride - Padding;
        return new PlaneRun(first, first + (run.Count - 1) * Stride + Kernel);
    }

    private Tensor Adjoint(Tensor packed) => packed.Slice(
        Offset / sizeof(float), new Shape((int)(_adjoint.PackedBytes / sizeof(float))));
}
