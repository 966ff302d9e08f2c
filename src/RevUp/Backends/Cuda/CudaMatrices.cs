using RevUp.Interop.CublasLt;
using RevUp.Interop.Cuda;
using RevUp.Tensors;

namespace RevUp.Backends.Cuda;

/// <summary>
/// Products of row-major float32 matrices each shape's algorithm chosen on first use and kept.
/// </summary>
internal sealed class CudaMatrices(DeviceQueue queue, Arena memory, ICudaBlas blas) : IDisposable
{
    private const long WorkspaceLimit = 32 << 20;

    private readonly Dictionary<Key, IMatmul> _products = [];

    /// <summary>y = op(a) · op(b), or y += that; op is the transpose where asked for.</summary>
    public void Multiply(Tensor a, bool transposeA, Tensor b, bool transposeB, Tensor y, bool accumulate)
    {
        // BLAS is column-major: it reads every matrix as its transpose, so it is asked for yᵀ =
        // op(b)ᵀ · op(a)ᵀ.
        Key key = new(
            y.Shape[1], y.Shape[0], a.Shape[transposeA ? 0 : 1], Operation(transposeB), Operation(transposeA));
        if (!_products.TryGetValue(key, out IMatmul? product))
        {
            product = blas.Prepare(key.Rows, key.Columns, key.Inner, key.Left, key.Right, WorkspaceLimit);
            _products.Add(key, product);
        }
        using Workspace workspace = new(memory, product.WorkspaceBytes);
        product.Run(
            1, DeviceQueue.Pointer(b), DeviceQueue.Pointer(a), accumulate ? 1 : 0, DeviceQueue.Pointer(y),
            workspace.Pointer, queue.Stream);
        queue.Issued("matrix product");
    }

    public void Dispose()
    {
        foreach (IMatmul product in _products.Values)
        {
            product.Dispose();
        }
        blas.Dispose();
    }

    private static CublasOperation Operation(bool transpose) =>
        transpose ? CublasOperation.Transpose : CublasOperation.None;

    private readonly record struct Key(int Rows, int Columns, int Inner, CublasOperation Left, CublasOperation Right);
}
