using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// Maximum over windows of 3, stride 2, padding 1: the second half of the ImageNet stem. Not
/// invertible; the maximum is found again in the kept input.
/// </summary>
internal sealed class MaxPool(string name, Backend backend, Shape input) : Layer(name, backend, input)
{
    /// <inheritdoc/>
    public override Shape Output
    {
        get
        {
            Shape output = Input;
            for (int axis = 0; axis < Input.SpatialRank; axis++)
            {
                output = output.With(axis + 1, (Input.Extent(axis) - 1) / 2 + 1);
            }
            return output;
        }
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x, ForwardMode mode, ref SavedTensors saved)
    {
        Tensor y = Allocate(Output, x.Shape.Batch);
        Backend.MaxPoolForward(x, y);
        Release(x, mode);
        return y;
    }

    /// <inheritdoc/>
    public override Tensor Backward(Tensor x, Tensor gradient, bool inputGradient, ref SavedTensors saved)
    {
        Tensor dx = Allocate(Input, x.Shape.Batch);
        Backend.MaxPoolBackward(x, gradient, dx);
        Memory.Free(gradient);
        return dx;
    }

    /// <inheritdoc/>
    internal override string Export(OnnxGraph graph, string x) => graph.Node("MaxPool", Name, [x],
        ("kernel_shape", OnnxGraph.Repeat(3, Input.SpatialRank)),
        ("strides", OnnxGraph.Repeat(2, Input.SpatialRank)),
        ("pads", OnnxGraph.Repeat(1, 2 * Input.SpatialRank)));
}
