using RevUp.Backends;
using RevUp.Layers;
using RevUp.Models;
using RevUp.Tensors;

namespace RevUp.Training;

/// <summary>
/// Makes the gradient of every weight matrix [O, I] (of a convolution, [O, k·k·I]) the nearest
/// matrix with orthonormal rows or columns: of G = U·Σ·Vᵀ, about U·Vᵀ. A zero gradient stays zero.
/// The head, vectors and scalars stay as they are.
/// </summary>
/// <remarks>
/// Five steps X ← aX + (bA + cA²)X with A = XXᵀ, from X = G / ‖G‖, which take every singular value
/// that is not tiny to 0.7 to 1.2. Where X has more rows than columns it is X(bA + cA²) with A =
/// XᵀX, the smaller product. Products are 1×1 convolutions over the rows as positions. Source of
/// the Newton-Schulz iteration and its coefficients: Jordan (2024), Muon: an optimizer for hidden
/// layers in neural networks.
/// </remarks>
internal sealed class Orthogonalization : DeviceObject
{
    private const int Iterations = 5;
    private const float A = 3.4445f, B = -4.7750f, C = 2.0315f;
    private const int TableLength = 3;

    private readonly Parameter[] _matrices;
    private readonly Tensor _factors; // a, b, c
    private readonly Tensor _tables; // of Backend.NormalizeAll, for each matrix one row
    private readonly long _longest;

    /// <summary>
    /// Declares what <see cref="Apply"/> needs, which then allocates in the arena alone.
    /// </summary>
    public Orthogonalization(Backend backend, ParameterStore store)
        : base(backend)
    {
        _matrices = [.. store.Parameters.Where(IsMatrix)];
        _longest = _matrices.Select(matrix => matrix.Shape.Count).DefaultIfEmpty(0).Max();
        _factors = Own(new Shape(3), ElementType.Float32, MemoryPurpose.Workspace);
        backend.Upload<float>([A, B, C], _factors);
        if (_matrices.Length > 0)
        {
            double[] tables = [.. _matrices.SelectMany(matrix => (double[])[0, matrix.Shape.Count, _longest])];
            _tables = Own(new Shape(_matrices.Length, TableLength), ElementType.Float64, MemoryPurpose.Workspace);
            backend.Upload<double>(tables, _tables);
        }
    }

    /// <summary>Replaces the gradients.</summary>
    public void Apply()
    {
        RequireOpen();
        for (int i = 0; i < _matrices.Length; i++)
        {
            Orthogonalize(_matrices[i].Gradient, _tables.Slice((long)i * TableLength, new Shape(1, TableLength)));
        }
    }

    private static bool IsMatrix(Parameter parameter) =>
        parameter.Group == ParameterGroup.Weights && parameter.Shape.Rank > 1 && !parameter.IsFrozen
        && !RevUpNet.ClassTensors.Contains(parameter.Name);

    private void Orthogonalize(Tensor gradient, Tensor table)
    {
        int rows = gradient.Shape[0], columns = (int)(gradient.Count / rows);
        int side = Math.Min(rows, columns);
        ConvolutionPlan product = Product(rows, columns, side), square = Product(side, side, side);
        Shape shape = product.Geometry.Input, gram = square.Geometry.Input;
        // X, and behind it the norm.
        Tensor values = Allocate(new Shape(checked((int)_longest + 1)));
        Tensor x = values.Slice(0, shape), y = Allocate(shape), a = Allocate(gram), b = Allocate(gram);
        Tensor packed = Memory.AllocateBytes(product.PackedBytes, MemoryPurpose.Workspace);
        Tensor packedSquare = Memory.AllocateBytes(square.PackedBytes, MemoryPurpose.Workspace);
        Backend.Cast(gradient.Reshape(shape), x);
        Backend.NormalizeAll(table, _longest, draws: 0, seed: 0, values);
        for (int i = 0; i < Iterations; i++)
        {
            if (rows <= columns)
            {
                product.Pack(AsWeights(x, side, columns), default, packed);
                product.Forward(x, packed, a);
            }
            else
            {
                product.BackwardWeights(x, x, AsWeights(a, side, columns));
            }
            // b = bA + cA².
            square.Pack(AsWeights(a, side, side), _factors.Scalar(2), packedSquare);
            square.Forward(a, packedSquare, b);
            Backend.ResidualAdd(b, a, _factors.Scalar(1), b);
            if (rows <= columns)
            {
                product.BackwardData(b, packed, y);
            }
            else
            {
                product.Pack(AsWeights(b, side, columns), default, packed);
                product.Forward(x, packed, y);
            }
            Backend.ResidualAdd(y, x, _factors.Scalar(0), i < Iterations - 1 ? x : gradient.Reshape(shape));
        }
        Memory.Free(packedSquare);
        Memory.Free(packed);
        Memory.Free(b);
        Memory.Free(a);
        Memory.Free(y);
        Memory.Free(values);
    }

    // x [rows, columns] times a matrix [side, columns], transposed.
    private ConvolutionPlan Product(int rows, int columns, int side) => Backend.Convolution(new ConvolutionGeometry(
        new Shape(1, rows, 1, columns), side, Kernel: 1, Stride: 1, Padding: 0, Groups: 1, ElementType.Float32,
        Backend.HasTf32));

    private static Tensor AsWeights(Tensor matrix, int outputs, int inputs) =>
        matrix.Reshape(new Shape(outputs, 1, 1, inputs));

    private Tensor Allocate(Shape shape) => Memory.Allocate(shape, ElementType.Float32, MemoryPurpose.Workspace);
}
