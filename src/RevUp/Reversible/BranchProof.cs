using RevUp.Backends;
using RevUp.Layers;
using RevUp.Tensors;

namespace RevUp.Reversible;

/// <summary>Tries a program's branches on random numbers before anything is trained.</summary>
internal static class BranchProof
{
    private const long DataStream = 104;
    private const float Step = 1e-2f;

    /// <summary>Samples of a trial.</summary>
    public const int Batch = 2;

    /// <summary>
    /// Takes a branch forward and backward, and measures ‖F(x + v) − F(x)‖ / ‖v‖ along the
    /// gradient. Leaves gradients of zero.
    /// </summary>
    /// <exception cref="InvalidOperationException">The branch breaks its contract.</exception>
    public static void Prove(OwnBranch branch, string name, Shape input, Backend backend, Tensor gradients)
    {
        Arena memory = backend.Memory;
        Shape shape = input.WithBatch(Batch);
        CounterRandom random = new(0, DataStream, 0);
        Tensor x = Normal(), w = Normal();
        SavedTensors saved = default;
        Tensor z = branch.Evaluate(x, save: true, ref saved);
        float[] first = Read(z, "z");
        memory.Free(z);
        Tensor dx = branch.Differentiate(x, w, ref saved);
        saved.Free(memory);
        backend.Fill(gradients, 0);
        float[] direction = Read(dx, "the gradient of x");
        double norm = Norm(direction);
        memory.Free(dx);
        memory.Free(w);
        if (norm > 0 && branch.LipschitzLimit < 1)
        {
            float[] numbers = new float[shape.Count];
            backend.Download<float>(x, numbers);
            float[] moved =
                [.. numbers.Zip(direction, (number, d) => number + (float)(Step * Norm(numbers) / norm) * d)];
            backend.Upload<float>(moved, x);
            z = branch.Approximate(x);
            float[] second = Read(z, "z");
            memory.Free(z);
            float[] multiplier = new float[1];
            backend.Download<float>(branch.Multiplier, multiplier);
            double change = Math.Abs(multiplier[0]) * Distance(second, first), distance = Distance(moved, numbers);
            Require(
                change < distance,
                $"Lip(F) is at least {change / distance:G3} under a coefficient of {branch.LipschitzLimit:G3}: the "
                + "block has no inverse; "
                + "override Lipschitz with the constant of everything but the declared convolutions");
        }
        memory.Free(x);
        branch.ReleaseWeights();

        Tensor Normal()
        {
            float[] numbers = new float[shape.Count];
            for (int i = 0; i < numbers.Length; i++)
            {
                numbers[i] = (float)random.NextNormal();
            }
            Tensor tensor = memory.Allocate(shape, ElementType.Float32, MemoryPurpose.Activations);
            backend.Upload<float>(numbers, tensor);
            return tensor;
        }

        float[] Read(Tensor tensor, string what)
        {
            float[] numbers = new float[tensor.Count];
            backend.Download<float>(tensor, numbers);
            Require(
                Array.TrueForAll(numbers, float.IsFinite),
                $"{what} of normal random numbers is not finite; correct its formula or its initial weights");
            return numbers;
        }

        void Require(bool condition, string message)
        {
            if (!condition)
            {
                throw new InvalidOperationException($"The branch '{name}': {message}.");
            }
        }
    }

    private static double Norm(float[] x) => Math.Sqrt(x.Sum(value => (double)value * value));

    private static double Distance(float[] x, float[] y) =>
        Math.Sqrt(x.Zip(y, (left, right) => Math.Pow((double)left - right, 2)).Sum());
}
