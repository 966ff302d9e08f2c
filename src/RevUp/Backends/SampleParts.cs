using RevUp.Tensors;

namespace RevUp.Backends;

/// <summary>
/// A convolution in parts of a few samples, one part after the other. Its tensors are larger than
/// <see cref="Backend.ConvolutionLimit"/>, and each part's are not.
/// </summary>
internal sealed class SampleParts : ConvolutionPlan
{
    private readonly Backend _backend;
    private readonly ConvolutionPlan _part;

    /// <param name="backend">The device.</param>
    /// <param name="geometry">Of all samples.</param>
    /// <param name="samples">Samples of a part, a divisor of their number.</param>
    public SampleParts(Backend backend, ConvolutionGeometry geometry, int samples)
        : base(geometry)
    {
        _backend = backend;
        _part = backend.Convolution(geometry with { Input = geometry.Input.WithBatch(samples) });
    }

    public override long PackedBytes => _part.PackedBytes;

    public override bool TakesPlainWeights => _part.TakesPlainWeights;

    public override bool TakesCopies => _part.TakesCopies;

    private int Count => Geometry.Input.Batch / _part.Geometry.Input.Batch;

    /// <summary>
    /// The most samples of a part within the limit; a divisor of their number, and as many as begin
    /// where a tensor may. 0 where there are none.
    /// </summary>
    public static int SamplesOf(ConvolutionGeometry geometry, long limit)
    {
        (Shape input, Shape output) = (geometry.Input.WithBatch(1), geometry.Output.WithBatch(1));
        long most = Math.Max(1, limit / Math.Max(input.Count, output.Count));
        for (int samples = (int)Math.Min(most, geometry.Input.Batch - 1); samples > 0; samples--)
        {
            if (geometry.Input.Batch % samples == 0 && Begins(input) && Begins(output))
            {
                return samples;
            }

            bool Begins(Shape sample) => samples * sample.Count * geometry.Type.Size() % Arena.Alignment == 0;
        }
        return 0;
    }

    public override void Pack(Tensor weights, Tensor scale, Tensor packed) => _part.Pack(weights, scale, packed);

    public override void Forward(Tensor x, Tensor packed, Tensor y)
    {
        for (int i = 0; i < Count; i++)
        {
            _part.Forward(Part(x, i), packed, Part(y, i));
        }
    }

    public override void BackwardData(Tensor dy, Tensor packed, Tensor dx)
    {
        for (int i = 0; i < Count; i++)
        {
            _part.BackwardData(Part(dy, i), packed, Part(dx, i));
        }
    }

    public override void BackwardWeights(Tensor x, Tensor dy, Tensor dw)
    {
        Tensor sum = BeginSum(_backend, dw);
        for (int i = 0; i < Count; i++)
        {
            _part.AddWeights(_backend, Part(x, i), Part(dy, i), sum, isFirst: i == 0);
        }
        EndSum(_backend, sum, dw);
    }

    private Tensor Part(Tensor tensor, int index)
    {
        Shape shape = tensor.Shape.WithBatch(_part.Geometry.Input.Batch);
        return tensor.Slice(index * shape.Count, shape);
    }
}
