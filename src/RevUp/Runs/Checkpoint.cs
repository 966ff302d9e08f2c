using RevUp.Backends;
using RevUp.Data;
using RevUp.Formats;
using RevUp.Layers;
using RevUp.Models;
using RevUp.Recipes;
using RevUp.Reversible;
using RevUp.Tensors;
using RevUp.Training;

namespace RevUp.Runs;

/// <summary>
/// The files of one checkpoint: model.safetensors (parameters and power-iteration state, of the
/// moving average where there is one), optimizer.safetensors (moments, and what is trained where
/// the model is its average), checkpoint.json (recipe, step, normalisation). The order of the data,
/// augmentation and redraws are functions of the recipe's seed and the step, so the step is all
/// their state.
/// </summary>
internal static class Checkpoint
{
    /// <summary>Folder of a run that holds its checkpoints.</summary>
    public const string FolderName = "checkpoints";

    private const string ModelFile = "model.safetensors";
    private const string OptimizerFile = "optimizer.safetensors";
    private const string DescriptionFile = "checkpoint.json";
    private const int FormatVersion = 1;

    /// <summary>
    /// Loads a network for use. One that was trained in bfloat16 computes in float32 on a device
    /// without: its own settings say so.
    /// </summary>
    /// <param name="backend">The device. Its disposal closes the network.</param>
    /// <param name="folder">
    /// A run, or one checkpoint. Of a run, the one that its validation part chose is taken, or else
    /// the newest complete one.
    /// </param>
    /// <param name="overrides">
    /// Settings "path=value" in place of the recipe's, such as data.path where the data was moved.
    /// </param>
    /// <exception cref="CheckpointException">There is none, or it is damaged.</exception>
    /// <exception cref="ConfigurationException">
    /// The recipe cannot work with an override.
    /// </exception>
    public static LoadedCheckpoint Load(Backend backend, string folder, IReadOnlyList<string>? overrides = null)
    {
        ArgumentNullException.ThrowIfNull(backend);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        using Driving driving = backend.Drive();
        while (true)
        {
            string found = Find(folder);
            try
            {
                return LoadFrom(backend, found, overrides ?? []);
            }
            catch (CheckpointException) when (found != folder && !Directory.Exists(found))
            {
                // A run that goes on has replaced it by a newer one meanwhile.
            }
        }
    }

    private static LoadedCheckpoint LoadFrom(Backend backend, string found, IReadOnlyList<string> overrides)
    {
        Description description = ReadDescription(found);
        Recipe recipe = RecipeFile.Parse(description.Recipe, Path.Combine(found, DescriptionFile), overrides);
        RevUpNet net = new(
            backend, recipe.Model.ForInference(backend), recipe.Data.Sample, recipe.Data.ClassCount,
            recipe.Training.Seed, trained: recipe.Training.Trained);
        try
        {
            net.LoadWeights(Path.Combine(found, ModelFile));
            ChannelNormalization normalization = new(description.Mean, description.Deviation);
            return new LoadedCheckpoint(recipe, net, normalization, description.Step, found)
            {
                Classes = ClassesOf(found, description) ?? [],
            };
        }
        catch
        {
            net.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Writes the weights with what a <see cref="Inference.Predictor"/> needs besides: the
    /// network's settings, the shape of its samples, normalisation and class names.
    /// </summary>
    /// <param name="net">The network.</param>
    /// <param name="path">Of the file; one that is there is replaced.</param>
    /// <param name="normalization">Of the training set.</param>
    /// <param name="classes">A name for each class.</param>
    /// <param name="cases">Rules for the files of cases to segment; null for none.</param>
    /// <param name="input">
    /// Samples as a predictor must get them; null where that is not known.
    /// </param>
    /// <exception cref="ConfigurationException">
    /// The names are of more or fewer classes, or the statistics of more or fewer channels, than it
    /// has.
    /// </exception>
    /// <exception cref="IOException">
    /// The file cannot be written; one that was there before is unchanged.
    /// </exception>
    public static void SaveModel(
        RevUpNet net, string path, ChannelNormalization normalization, IReadOnlyList<string> classes,
        CaseRules? cases = null, ModelInput? input = null) =>
        net.WriteWeights(
            path, AxisOrder.ChannelsLast, withVectors: false,
            ModelDescription.Metadata(net, normalization, classes, cases, input));

    /// <summary>Writes the files of a checkpoint into an empty folder.</summary>
    internal static void Write(
        string folder,
        Recipe recipe,
        RevUpNet net,
        TrainingStep step,
        ChannelNormalization normalization,
        IReadOnlyList<string> classes,
        DataIdentity? data = null,
        CaseRules? cases = null,
        ModelInput? input = null)
    {
        (string Key, string Value) count = ("step", step.Count.ToString(CultureInfo.InvariantCulture));
        (string Key, string Value) model = ModelDescription.Metadata(net, normalization, classes, cases, input);
        using (step.Average?.Use())
        {
            TensorFile.Write(net.Backend, Path.Combine(folder, ModelFile), net.NamedTensors, metadata: [count, model]);
        }
        TensorFile.Write(net.Backend, Path.Combine(folder, OptimizerFile), TrainingTensors(net, step));
        Description description =
            new(FormatVersion, step.Count, RecipeFile.Serialize(recipe), normalization.Mean, normalization.Deviation)
            {
                Evaluations = step.Engine.Inverter.Plan.State,
                Data = data,
            };
        File.WriteAllText(
            Path.Combine(folder, DescriptionFile),
            JsonSerializer.Serialize(description, CheckpointJson.Default.Description));
    }

    /// <summary>Restores network, optimiser and step count from one checkpoint folder.</summary>
    /// <exception cref="CheckpointException">
    /// It is damaged, of another network, or of a run over other data: the position in it would
    /// mean nothing.
    /// </exception>
    internal static void Restore(
        string folder, Recipe recipe, RevUpNet net, TrainingStep step, DataIdentity? data = null)
    {
        Description description = ReadDescription(folder);
        Recipe before = ReadRecipe(folder);
        RequireSame(folder, "data.dataset", before.Data.Dataset, recipe.Data.Dataset);
        RequireSame(folder, "data.trainingSamples", before.Data.TrainingSamples, recipe.Data.TrainingSamples);
        RequireSame(folder, "training.batchSize", before.Training.BatchSize, recipe.Training.BatchSize);
        RequireSame(folder, "training.accumulate", before.Training.Accumulate, recipe.Training.Accumulate);
        RequireSame(folder, "training.seed", before.Training.Seed, recipe.Training.Seed);
        RequireSame(folder, "training.optimizer.kind", before.Training.Optimizer.Kind, recipe.Training.Optimizer.Kind);
        RequireSame(folder, "training.freeze", before.Training.Trained.Freeze, recipe.Training.Trained.Freeze);
        RequireSame(folder, "training.emaDecay", before.Training.EmaDecay, recipe.Training.EmaDecay);
        RequireSame(folder, "model.precision", before.Model.Precision.Text(), recipe.Model.Precision.Text());
        // Weights of another shape are found by reading them; another nonlinearity is not.
        RequireSame(folder, "model.activation", before.Model.Activation, recipe.Model.Activation);
        if (data is not null)
        {
            RequireSameData(folder, description, recipe, data);
        }
        net.LoadWeights(Path.Combine(folder, ModelFile));
        step.Average?.Take();
        TensorFile.Read(net.Backend, Path.Combine(folder, OptimizerFile), TrainingTensors(net, step));
        net.Coefficients?.Reload();
        net.Invalidate();
        step.Count = description.Step;
        step.Engine.Inverter.Plan.Restore(description.Evaluations);
    }

    /// <summary>
    /// The network of a run with its precision decided: "auto" is the choice of the device, or of
    /// the checkpoint to resume from.
    /// </summary>
    /// <exception cref="ConfigurationException">
    /// The device cannot compute in the precision that was asked for.
    /// </exception>
    /// <exception cref="CheckpointException">
    /// The device cannot compute in the precision of the checkpoint.
    /// </exception>
    internal static ModelSettings Decide(ModelSettings model, Backend backend, string? folder)
    {
        if (model.Precision != BranchPrecision.Auto || folder is null)
        {
            return model.On(backend);
        }
        ModelSettings kept = model with { Precision = ReadRecipe(folder).Model.Precision };
        return kept.Precision.On(backend).IsOf(backend)
            ? kept.On(backend)
            : throw new CheckpointException(
                folder,
                $"the run was started in {kept.Precision.Text()}, which the device {backend.Name} "
                + $"({backend.Description}) cannot compute; resume it on a device with {kept.Precision.Text()}, or "
                + "train into another folder.");
    }

    /// <summary>
    /// The plan that the policy "auto" made for the run of a checkpoint; null when
    /// <paramref name="recipe"/> asks for another.
    /// </summary>
    internal static ReversibleSettings? FindPlan(string folder, Recipe recipe)
    {
        Recipe before = ReadRecipe(folder);
        return Asked(before) == Asked(recipe) && !before.Reversible.NeedsPlan ? before.Reversible : null;

        // What else a plan depends on must be as before to resume at all.
        static string Asked(Recipe recipe) =>
            RecipeFile.Serialize(
                new Recipe
                {
                    Model = recipe.Model with { InitialFrom = null },
                    Reversible = recipe.Reversible with { Runs = null, PlanSlab = 0 },
                }) + recipe.Data.Sample;
    }

    private static void RequireSame<T>(string folder, string path, T before, T now)
    {
        if (!EqualityComparer<T>.Default.Equals(before, now))
        {
            throw new CheckpointException(
                folder,
                $"the run was started with {path} = {before} and cannot be resumed with {now}; use the old value, or "
                + "another folder.");
        }
    }

    private static void RequireSameData(string folder, Description description, Recipe recipe, DataIdentity data)
    {
        // An earlier version wrote the names of the classes alone, or nothing.
        string? difference = description.Data is { } before ? before.Difference(data)
            : ClassesOf(folder, description) is { } classes ? DataIdentity.Difference(classes, data.Classes)
            : null;
        if (difference is not null)
        {
            throw new CheckpointException(
                folder,
                $"the run was started on other data than {recipe.Data.Path ?? "this"}: {difference}. Its epochs and "
                + "labels would mean something else; restore the data, or train into another folder.");
        }
    }

    private static IReadOnlyList<string>? ClassesOf(string folder, Description description) =>
        description.Data?.Classes ?? ModelDescription.Find(Path.Combine(folder, ModelFile))?.Classes;

    /// <summary>Gives a network the weights of one checkpoint of its own run.</summary>
    internal static void LoadModel(RevUpNet net, string folder) => net.LoadWeights(Path.Combine(folder, ModelFile));

    /// <summary>
    /// The file of weights in a run's chosen or newest complete checkpoint, or in one checkpoint. A
    /// path that is no folder is taken as the file.
    /// </summary>
    /// <exception cref="CheckpointException">
    /// The folder has none, or it is damaged.
    /// </exception>
    internal static string FindModel(string path) =>
        Directory.Exists(path) ? Path.Combine(Find(path), ModelFile) : path;

    private static string Find(string folder)
    {
        if (File.Exists(Path.Combine(folder, DescriptionFile)))
        {
            return CheckpointManifest.FindProblem(folder, ReadDescription(folder).Step) is { } problem
                ? throw new CheckpointException(
                    folder,
                    $"this checkpoint is damaged ({problem}). Name another, or its run, to take the newest complete "
                    + "one.")
                : folder;
        }
        List<string> problems = [];
        string root = Path.Combine(folder, FolderName);
        CheckpointFolder checkpoints = new(root, keep: 1);
        return (checkpoints.Chosen() ?? checkpoints.Latest(problems))?.Path
            ?? throw new CheckpointException(folder, problems.Count > 0
                ? $"no checkpoint here is complete ({string.Join("; ", problems)}). Name another run, or train again."
                : "there is no checkpoint here. Name the folder of a run (the one with 'checkpoints' in it) or of one "
            + "checkpoint.");
    }

    private static Recipe ReadRecipe(string folder) =>
        RecipeFile.Parse(ReadDescription(folder).Recipe, Path.Combine(folder, DescriptionFile), []);

    private static Description ReadDescription(string folder)
    {
        string path = Path.Combine(folder, DescriptionFile);
        try
        {
            Description description = JsonSerializer.Deserialize(
                File.ReadAllText(path), CheckpointJson.Default.Description) ?? throw new JsonException("it is empty");
            return description.Format == FormatVersion && description.Recipe is not null && description.Mean is not null
                && description.Deviation is not null
                ? description
                : throw new CheckpointException(
                    path, $"its format is {description.Format}, and this version reads {FormatVersion}.");
        }
        catch (JsonException exception)
        {
            throw new CheckpointException(
                path, $"it is not a description of a checkpoint: {exception.Message}", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(
                path, $"the file cannot be read ({exception.Message}) Check the path and its permissions.", exception);
        }
    }

    // What a training needs besides the model: moments, and the weights that it averages.
    private static List<(string Name, Tensor Tensor)> TrainingTensors(RevUpNet net, TrainingStep step)
    {
        List<(string Name, Tensor Tensor)> tensors = OptimizerTensors(net, step.Optimizer);
        if (step.Average is not null)
        {
            tensors.AddRange(net.NamedTensors.Select(tensor => ("trained." + tensor.Name, tensor.Tensor)));
        }
        return tensors;
    }

    /// <summary>The optimiser's moments of every trained parameter, by name.</summary>
    internal static List<(string Name, Tensor Tensor)> OptimizerTensors(RevUpNet net, Optimizer optimizer)
    {
        List<(string Name, Tensor Tensor)> tensors = [];
        for (int moment = 0; moment < optimizer.Moments.Count; moment++)
        {
            foreach (Parameter parameter in net.Parameters.Parameters.Where(parameter => !parameter.IsFrozen))
            {
                long offset = (parameter.Value.Address - net.Parameters.Values.Address) / sizeof(float);
                tensors.Add(
                    ($"moment{moment + 1}.{parameter.Name}", optimizer.Moments[moment].Slice(offset, parameter.Shape)));
            }
        }
        return tensors;
    }

    internal sealed record Description(
        int Format, long Step, string Recipe, IReadOnlyList<double> Mean, IReadOnlyList<double> Deviation)
    {
        /// <summary>
        /// k of every block in the next step; null where the next step finds out.
        /// </summary>
        public EvaluationPlanState? Evaluations { get; init; }

        /// <summary>The training set; null in a checkpoint of an earlier version.</summary>
        public DataIdentity? Data { get; init; }
    }
}
