using RevUp.Backends;
using RevUp.Backends.Cpu;
using RevUp.Backends.Cuda;
using RevUp.Data;
using RevUp.Interop;
using RevUp.Interop.Cuda;
using RevUp.Interop.Cudnn;
using RevUp.Models;
using RevUp.Recipes;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Benchmarks;

/// <summary>Device and network of a study, from its options.</summary>
/// <param name="Name">"cuda" or "cpu".</param>
/// <param name="Memory">Bytes that a backend may use; 0 for its own choice.</param>
internal sealed record Device(string Name, long Memory)
{
    /// <summary>From --device, and from --memory in MiB.</summary>
    public static Device From(Arguments arguments)
    {
        string name = arguments.Text("--device", "cuda");
        ConfigurationException.Require(name is "cuda" or "cpu", $"--device is '{name}'; use cuda or cpu");
        return new Device(name, (long)arguments.IntegerOrZero("--memory", 0) << 20);
    }

    /// <summary>
    /// The recipe of --recipe with the extents of --size, and in --precision or in its own
    /// precision, as the device decides it. A recipe that names none is fast on a GPU.
    /// </summary>
    public Recipe Recipe(Arguments arguments, string name)
    {
        Recipe recipe = Checkout.Recipe(
            arguments.Text("--recipe", name), Name == "cuda" ? BranchPrecision.Auto : null);
        ConfigurationException.Require(
            recipe.Data.Dataset == DatasetKind.Synthetic,
            $"the recipe '{recipe.Name}' has samples of one size; use one whose data.dataset is 'synthetic'");
        string text = arguments.Text("--precision", recipe.Model.Precision.Text());
        bool valid = Enum.TryParse(text, ignoreCase: true, out BranchPrecision precision) && precision.Text() == text;
        ConfigurationException.Require(valid, $"--precision is '{text}'; use auto, float32, tf32 or bfloat16");
        using Backend backend = Open();
        ModelSettings model = (recipe.Model with { Precision = precision }).On(backend);
        return Sized(recipe with { Model = model }, arguments.Integer("--size", recipe.Data.Extents[0]));
    }

    /// <summary>The recipe with samples of <paramref name="extent"/> along every axis.</summary>
    public static Recipe Sized(Recipe recipe, int extent) =>
        recipe with { Data = recipe.Data with { Extents = [.. recipe.Data.Extents.Select(_ => extent)] } };

    /// <summary>Arithmetic of a recipe of <see cref="Recipe"/>, for reports.</summary>
    public string Arithmetic(Recipe recipe)
    {
        using Backend backend = Open();
        return recipe.Model.Precision.Text(backend);
    }

    /// <summary>Opens the device; the caller disposes it.</summary>
    public Backend Open() => Name == "cuda" ? new CudaBackend(capacity: Memory) : new CpuBackend(capacity: Memory);

    /// <summary>
    /// The largest multiple of <paramref name="unit"/> up to <paramref name="bound"/> for which
    /// <paramref name="run"/> finds room, by doubling and bisection to 3 %, and what did not fit.
    /// The last call that returned was the largest's.
    /// </summary>
    /// <exception cref="StudyException">There is no room for any.</exception>
    public static (int Largest, string Limit) Largest(int unit, int bound, Action<int> run)
    {
        int last = bound / unit, fits = 0, fails = last + 1;
        string limit = $"{fails * unit}, where the search ends";
        while (fails - fits > Math.Max(1, fits / 32))
        {
            int next = fails <= last ? (fits + fails) / 2 : Math.Clamp(2 * fits, 1, last);
            string? reason = Refusal(() => run(next * unit));
            (fits, fails, limit) = reason is null ? (next, fails, limit) : (fits, next, $"{next * unit}: {reason}");
        }
        return fits > 0
            ? (fits * unit, limit)
            : throw new StudyException(
                $"Not even the smallest of what the study tries fits, {limit}; allow more with --memory.");
    }

    // The first sentence of why there is no room; null where there is.
    private static string? Refusal(Action run)
    {
        try
        {
            run();
            return null;
        }
        catch (Exception exception) when (
            exception is ArenaExhaustedException or ConfigurationException || IsSize(exception as NativeException))
        {
            return exception.Message.Split(". ")[0].TrimEnd('.');
        }
    }

    // What cuDNN does not support at one size it may support at another; the driver runs out of
    // what the arena leaves to the libraries.
    private static bool IsSize(NativeException? exception) =>
        exception?.Status is CudnnStatus and >= CudnnStatus.NotSupported and < CudnnStatus.InternalError
            || exception?.Status is CudaResult.OutOfMemory;
}
