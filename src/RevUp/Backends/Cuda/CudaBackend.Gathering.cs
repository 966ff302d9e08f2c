using RevUp.Interop.Cuda;
using RevUp.Tensors;

namespace RevUp.Backends.Cuda;

/// <summary>Launches over tables of many tensors.</summary>
public sealed partial class CudaBackend
{
    // Products of an operator, whose parts its table counts.
    private const int Products = 0;
    private const int TransposedProducts = 1;
    private const int GradientProducts = 2;

    internal override bool Gathers => true;

    // cuDNN's wgrad has the type of its inputs.
    internal override ElementType GradientType(in ConvolutionGeometry geometry) => geometry.Type;

    internal override void Multiply(OperandTable<ConvolutionOperator> operators, bool transposed)
    {
        int count = operators.Count, product = transposed ? TransposedProducts : Products;
        Tensor table = operators.From(0);
        long parts = operators.Parts(product);
        if (!operators.Entries()[0].IsMatrix)
        {
            _launcher.Rows(
                transposed ? _kernels.OperatorProductsTransposed : _kernels.OperatorProducts, parts,
                [count, table, parts]);
        }
        else if (transposed)
        {
            _launcher.Rows(_kernels.MatrixProductsTransposed, parts, [count, table, parts]);
        }
        else
        {
            _launcher.WarpRows(_kernels.MatrixProducts, parts, [count, table, parts]);
        }
    }

    internal override void AddGradients(OperandTable<ConvolutionOperator> operators, int first, int count)
    {
        Tensor table = operators.From(first);
        long parts = operators.Parts(GradientProducts, first, count);
        if (operators.Entries()[0].IsMatrix)
        {
            _launcher.WarpRows(_kernels.MatrixGradients, parts, [count, table, parts]);
        }
        else
        {
            _launcher.Rows(_kernels.OperatorGradients, parts, [count, table, parts]);
        }
    }

    internal override void BranchScaleForward(OperandTable<BranchOperands> branches) =>
        _launcher.Elementwise(_kernels.BranchScaleForwardAll, branches.Count, [branches.Count, branches.From(0)]);

    internal override void BranchScaleBackward(OperandTable<BranchOperands> branches, int first, int count) =>
        _launcher.Elementwise(_kernels.BranchScaleBackwardAll, count, [count, branches.From(first)]);

    internal override void CopyWeights(OperandTable<WeightCopy> copies)
    {
        long parts = copies.Parts(0);
        _launcher.Rows(_kernels.CopyWeights, parts, [copies.Count, copies.From(0), parts]);
    }

    internal override void EndWeights(OperandTable<WeightGradient> gradients, int first, int count)
    {
        Tensor table = gradients.From(first);
        long parts = gradients.Parts(0, first, count);
        // By the place of a part in the whole table.
        Shape shape = new(checked((int)gradients.Parts(0)));
        Tensor partials = Memory.Allocate(shape, ElementType.Float64, MemoryPurpose.Workspace);
        _launcher.Rows(_kernels.EndWeights, parts, [count, table, parts, partials]);
        _launcher.Rows(_kernels.EndWeightDots, count, [count, table, partials]);
        Memory.Free(partials);
    }
}
