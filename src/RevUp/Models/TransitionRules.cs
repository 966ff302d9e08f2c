using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Models;

/// <summary>Strides and kernels of the transitions between stages, axis by axis.</summary>
internal static class TransitionRules
{
    /// <summary>Throws when a stage's stride or kernel cannot be.</summary>
    /// <exception cref="ConfigurationException">Names the value and the fix.</exception>
    public static void Validate(ModelSettings model)
    {
        for (int i = 0; i < model.Stages.Count; i++)
        {
            Require("stride", model.Stages[i].Stride, i, 2);
            Require("kernel", model.Stages[i].Kernel, i, 3);
        }

        void Require(string setting, IReadOnlyList<int>? values, int stage, int most)
        {
            if (values is null)
            {
                return;
            }
            string text = $"model.stages.{stage}.{setting} is [{string.Join(", ", values)}]";
            ConfigurationException.Require(
                stage > 0, $"{text}, and no transition leads to the first stage; leave it out there");
            ConfigurationException.Require(
                model.Downsampling == Downsampling.Strided,
                $"{text}, but only model.downsampling 'strided' has one; use 'strided', or leave it out");
            ConfigurationException.Require(
                values.Count is 2 or 3 && values.All(value => value >= 1 && value <= most),
                $"{text}; give one number for each axis, 1 to {most}");
        }
    }

    /// <summary>Stride of the transition to a stage of samples with some axes.</summary>
    /// <exception cref="ConfigurationException">The setting has other axes.</exception>
    public static Axes Stride(ModelSettings model, int stage, int rank) =>
        model.Stages[stage].Stride is { } stride ? Read("stride", stride, stage, rank) : 2;

    /// <summary>Kernel of the transition to a stage.</summary>
    /// <exception cref="ConfigurationException">
    /// The setting has other axes, or an even extent where the stride is 1.
    /// </exception>
    public static Axes Kernel(ModelSettings model, int stage, int rank)
    {
        Axes stride = Stride(model, stage, rank);
        if (model.Stages[stage].Kernel is not { } kernel)
        {
            // An even kernel would not keep the extent where the stride does.
            return stride.Map(s => s == 1 && model.TransitionKernel == 2 ? 1 : model.TransitionKernel);
        }
        Axes read = Read("kernel", kernel, stage, rank);
        for (int axis = 0; axis < rank; axis++)
        {
            ConfigurationException.Require(
                read[axis] != 2 || stride[axis] == 2,
                $"model.stages.{stage}.kernel is [{string.Join(", ", kernel)}], and its 2 stands where the stride is "
                + $"1; use 1 or 3 there");
        }
        return read;
    }

    private static Axes Read(string setting, IReadOnlyList<int> values, int stage, int rank)
    {
        ConfigurationException.Require(
            values.Count == rank,
            $"model.stages.{stage}.{setting} is [{string.Join(", ", values)}], and samples have {rank} axes; give one "
            + $"number for each");
        return Axes.Of(values);
    }
}
