using RevUp.Backends;
using RevUp.Layers;
using RevUp.Tensors;

namespace RevUp.Reversible;

/// <summary>
/// The last convolution into the residual stream, where its plan does both at once: z is not
/// stored, nor rounded to the branch's type.
/// </summary>
internal sealed partial class ResidualBranch
{
    /// <summary>
    /// Whether the last convolution of the prepared batch adds its result to the stream itself.
    /// </summary>
    public bool AddsToStream => _convolutions[^1].Fuses(ConvolutionFusion.Stream);

    /// <summary>
    /// y = x + F(x), in the memory of x or in a new tensor as <paramref name="mode"/> says, and
    /// what <paramref name="next"/> makes of y. Needs <see cref="AddsToStream"/>.
    /// </summary>
    public Tensor Add(Tensor x, ForwardMode mode, ref SavedTensors saved, Neighbour next)
    {
        Keep keep = mode switch
        {
            ForwardMode.Absorb => Keep.All,
            ForwardMode.AbsorbFirst => Keep.First,
            ForwardMode.Store => Keep.Inner,
            _ => Keep.Nothing,
        };
        Tensor p = RunToLast(x, keep, measure: true, ref saved);
        Tensor y = mode is ForwardMode.Store or ForwardMode.Keep ? AllocateStream(x) : x;
        Tensor ahead = Ahead(next.Reader, x, out ScalarActivation reader);
        if (!ahead.IsEmpty)
        {
            next.Saved.Preactivated = ahead;
        }
        _convolutions[^1].ForwardAdd(p, x, Multiplier, y, reader, ahead);
        Settle(_convolutions.Length - 1, p, keep, ref saved);
        return y;
    }

    /// <summary>
    /// A step of the inversion, y − F(x), in the memory of <paramref name="next"/>; if that is
    /// empty, in a new tensor. Intermediates are saved where <paramref name="save"/> is set; a
    /// fused branch saves all. <paramref name="ahead"/> is what
    /// <paramref name="reader"/>, if there is one, makes of the result. Needs
    /// <see cref="AddsToStream"/>.
    /// </summary>
    public Tensor Step(
        Tensor y, Tensor x, Tensor next, Tensor statistics, bool save, Preactivation? reader, ref SavedTensors saved,
        out Tensor ahead)
    {
        Keep keep = !save ? Keep.Nothing : IsFused ? Keep.All : Keep.Inner;
        Tensor p = RunToLast(x, keep, measure: false, ref saved);
        Tensor result = next.IsEmpty ? AllocateStream(y) : next;
        ahead = Ahead(reader, y, out ScalarActivation scalars);
        _convolutions[^1].ForwardStep(
            p, y, Multiplier, x == y ? default : x, result, statistics, scalars, ahead);
        Settle(_convolutions.Length - 1, p, keep, ref saved);
        return result;
    }

    private Tensor RunToLast(Tensor x, Keep keep, bool measure, ref SavedTensors saved)
    {
        int last = _convolutions.Length - 1;
        (Tensor z, bool isActivated) = Run(x, last, _settings.Type, keep, measure, ref saved);
        return isActivated ? z : InputOf(last, z, _settings.Type, keep, measure, ref saved);
    }

    private Tensor AllocateStream(Tensor like) =>
        Memory.Allocate(like.Shape, ElementType.Float32, MemoryPurpose.Activations);

    private Tensor Ahead(Preactivation? reader, Tensor like, out ScalarActivation scalars)
    {
        scalars = reader?.Scalars ?? default;
        return reader is null
            ? default
            : Memory.Allocate(like.Shape, _settings.Type, MemoryPurpose.Activations);
    }
}
