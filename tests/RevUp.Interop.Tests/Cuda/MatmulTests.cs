using RevUp.Interop.CublasLt;

namespace RevUp.Interop.Tests.Cuda;

/// <summary>The wrapper of cuBLASLt's product against three loops in double.</summary>
[TestClass]
internal sealed class MatmulTests
{
    private const int M = 5;
    private const int N = 7;
    private const int K = 11;
    private const float Alpha = 0.5f;
    private const float Beta = -2;
    private const long WorkspaceLimit = 1 << 22;

    [TestMethod]
    [DataRow(CublasOperation.None, CublasOperation.None)]
    [DataRow(CublasOperation.Transpose, CublasOperation.None)]
    [DataRow(CublasOperation.None, CublasOperation.Transpose)]
    [DataRow(CublasOperation.Transpose, CublasOperation.Transpose)]
    internal void TheProductMatchesThreeLoops(CublasOperation operationA, CublasOperation operationB)
    {
        Inputs inputs = new(3);
        float[] a = inputs.Uniform(M * K);
        float[] b = inputs.Uniform(K * N);
        float[] c = inputs.Uniform(M * N);
        using CudaDriver driver = CudaMachine.Open();
        CudaStream stream = driver.CreateStream();
        float[] actual;
        using (CublasLtHandle handle = CublasLtHandle.Create())
        using (Matmul product = new(handle, M, N, K, operationA, operationB, WorkspaceLimit))
        using (DeviceArray<float> deviceA = new(driver, stream, a))
        using (DeviceArray<float> deviceB = new(driver, stream, b))
        using (DeviceArray<float> deviceC = new(driver, stream, c))
        using (DeviceArray<byte> workspace = new(driver, stream, new byte[Math.Max(product.WorkspaceBytes, 1)]))
        {
            product.Run(Alpha, deviceA.Pointer, deviceB.Pointer, Beta, deviceC.Pointer, workspace.Pointer, stream);
            actual = deviceC.Read();
        }

        driver.Destroy(stream);
        for (int column = 0; column < N; column++)
        {
            for (int row = 0; row < M; row++)
            {
                double sum = 0, magnitude = 0;
                for (int k = 0; k < K; k++)
                {
                    double term = (double)(operationA == CublasOperation.None ? a[row + (k * M)] : a[k + (row * K)])
                        * (operationB == CublasOperation.None ? b[k + (column * K)] : b[column + (k * N)]);
                    sum += term;
                    magnitude += Math.Abs(term);
                }

                float before = c[row + (column * M)];
                Tolerance.AssertWithin(
                    (Alpha * sum) + (Beta * before), actual[row + (column * M)],
                    Tolerance.Float32(K + 3, (Alpha * magnitude) + Math.Abs(Beta * before)),
                    $"element {row}, {column}");
            }
        }
    }

    [TestMethod]
    internal void AnEmptyShapeIsRefusedWithTheCall()
    {
        using CudaDriver driver = CudaMachine.Open();
        using CublasLtHandle handle = CublasLtHandle.Create();

        NativeException exception = Assert.ThrowsExactly<NativeException>(
            () => new Matmul(handle, M, N, k: 0, CublasOperation.None, CublasOperation.None, WorkspaceLimit).Dispose());

        StringAssert.StartsWith(exception.Message, "CublasLtLibrary.");
        Assert.AreNotEqual(CublasStatus.Success, exception.Status);
    }
}
