namespace RevUp.Tests.Recipes;

[TestClass]
public sealed class RecipeTests
{
    [TestMethod]
    [DataRow("name=", "name is ''")]
    [DataRow("name=a/b", "name is 'a/b'")]
    [DataRow("data.padding=-1", "data.padding is -1; use 0 to 1024")]
    [DataRow("data.evaluationResize=-1", "data.evaluationResize is -1")]
    [DataRow("data.cutout=-1", "data.cutout is -1")]
    [DataRow("data.mixup=1000", "data.mixup is 1000; use an α of 0.01 to 100")]
    [DataRow("data.cutMix=-1", "data.cutMix is -1")]
    [DataRow("""data.randomResizedCrop={"minimumScale":0}""", "data.randomResizedCrop has a scale of 0 to 1")]
    [DataRow("""data.colorJitter={"hue":1}""", "data.colorJitter.hue is 1")]
    [DataRow("data.prefetch=0", "data.prefetch is 0; use 1 to 1024")]
    [DataRow("data.maximumDamagedShare=2", "data.maximumDamagedShare is 2")]
    [DataRow("data.mean=[0.5]", "data.mean is [0.5] and data.deviation []; give 1 of each")]
    [DataRow(
        """data={"dataset":"synthetic","extents":[8,8],"mean":[0.5],"deviation":[0]}""",
        "data.deviation [0]; give 1 of each")]
    [DataRow("data.workers=0", "data.workers is 0; use 1 to 256")]
    [DataRow("data.trainingSamples=-1", "data.trainingSamples is -1")]
    [DataRow("data.extents=[8]", "data.extents is [8]")]
    [DataRow("data.extents=[8,0]", "data.extents is [8, 0]")]
    [DataRow("data.channels=0", "data.channels is 0")]
    [DataRow("data.classes=1", "data.classes is 1")]
    [DataRow("model.stages=[]", "model.stages has 0 entries")]
    [DataRow("model.stages.1.blocks=0", "model.stages.1.blocks is 0")]
    [DataRow("model.stages.0.channels=0", "model.stages.0.channels is 0")]
    [DataRow("model.stages.0.width=-1", "model.stages.0.width is -1")]
    [DataRow("model.stemStride=3", "model.stemStride is 3; use 1 or 2")]
    [DataRow("model.transitionKernel=4", "model.transitionKernel is 4; use 2 or 3")]
    [DataRow("model.groups=3", "model.groups is 3, which does not divide")]
    [DataRow("model.groups=0", "model.groups is 0")]
    [DataRow(
        "model.precision=float64",
        """model.precision is "float64"; use one of "float32", "bfloat16", "auto", "tf32".""")]
    [DataRow("model.activation=identity", "model.activation is 'identity'")]
    [DataRow("model.lipschitz.coefficient=1", "model.lipschitz.coefficient is 1")]
    [DataRow("model.lipschitz.coefficient=0", "model.lipschitz.coefficient is 0")]
    [DataRow("model.lipschitz.iterations=0", "model.lipschitz.iterations is 0")]
    [DataRow("model.lipschitz.startIterations=0", "model.lipschitz.startIterations is 0")]
    [DataRow("model.lipschitz.startSteps=-1", "model.lipschitz.startSteps is -1")]
    [DataRow("model.lipschitz.maximumExtent=0", "model.lipschitz.maximumExtent is 0")]
    [DataRow("model.lipschitz.mode=none", "reversible.policy is 'invert'")]
    [DataRow("model.lipschitz.targetContraction=1", "model.lipschitz.targetContraction is 1;")]
    [DataRow("model.lipschitz.targetEvaluations=1", "model.lipschitz.targetEvaluations is 1;")]
    [DataRow("reversible.anchorEvery=-1", "reversible.anchorEvery is -1")]
    [DataRow("reversible.compressBits=5", "reversible.compressBits is 5; use 4 or 8")]
    [DataRow(
        "reversible.policy=auto",
        "needs a budget, but reversible.memoryBudget is not given; use a positive number of bytes, such as 2GiB")]
    [DataRow("reversible.memoryBudget=-1", "reversible.memoryBudget is -1")]
    [DataRow(
        "reversible.memoryBudget=1MiB",
        "reversible.memoryBudget is 1048576, and the policy is one for all blocks; use the policy 'auto'")]
    [DataRow(
        """reversible.plan=[{"policy":"store","blocks":3}]""",
        "reversible.plan is given, and the policy is one for all blocks; use 'auto'")]
    [DataRow(
        """reversible={"policy":"auto","plan":[{"policy":"store","blocks":2}]}""",
        "with a plan for 2 blocks, and the network has 3")]
    [DataRow("""reversible={"policy":"auto","plan":[{"policy":"auto","blocks":3}]}""", "reversible.plan has 'auto'")]
    [DataRow(
        """reversible={"policy":"auto","plan":[{"policy":"store","blocks":0}]}""",
        "reversible.plan has 0 for a number of blocks")]
    [DataRow("""reversible={"policy":"auto","plan":[null]}""", "reversible.plan")]
    [DataRow("reversible.memoryBudget=lots", "reversible.memoryBudget is \"lots\"; use a positive number of bytes")]
    [DataRow("reversible.tolerance=0", "reversible.tolerance is 0")]
    [DataRow("reversible.tolerance=1", "reversible.tolerance is 1")]
    [DataRow("reversible.maximumEvaluations=0", "reversible.maximumEvaluations is 0")]
    [DataRow("reversible.hardLimit=0.001", "reversible.hardLimit is 0.001")]
    [DataRow("training.epochs=0", "training.epochs is 0; use 1 to 100000")]
    [DataRow("training.steps=-1", "training.steps is -1; use a positive number of steps, or 0 for all epochs")]
    [DataRow("training.batchSize=0", "training.batchSize is 0; use 1 to 65536")]
    [DataRow("training.accumulate=0", "training.accumulate is 0; use 1 to 65536")]
    [DataRow("training.emaDecay=1", "training.emaDecay is 1; use a decay below 1")]
    [DataRow("training.labelSmoothing=1", "training.labelSmoothing is 1; use 0 to less than 1")]
    [DataRow("training.clipNorm=-1", "training.clipNorm is -1")]
    [DataRow("training.checkpointEverySteps=-1", "training.checkpointEverySteps is -1")]
    [DataRow("training.keepCheckpoints=0", "training.keepCheckpoints is 0; keep at least 1")]
    [DataRow("training.evaluateEveryEpochs=0", "training.evaluateEveryEpochs is 0; use at least 1")]
    [DataRow("training.optimizer.learningRate=0", "training.optimizer.learningRate is 0")]
    [DataRow("training.optimizer.learningRate=1e9", "training.optimizer.learningRate is 1000000000")]
    [DataRow("training.optimizer.momentum=1", "training.optimizer.momentum is 1; use 0 to less than 1")]
    [DataRow(
        """training.optimizer={"momentum":0,"nesterov":true}""",
        "training.optimizer.nesterov needs a momentum above 0")]
    [DataRow("training.optimizer.weightDecay=1", "training.optimizer.weightDecay is 1")]
    [DataRow("training.optimizer.scalarWeightDecay=-0.1", "-0.1")]
    [DataRow(
        "training.optimizer.scalarLearningRateFactor=11",
        "training.optimizer.scalarLearningRateFactor is 11; use 0 to 10")]
    [DataRow("training.optimizer.beta1=1", "training.optimizer.beta1")]
    [DataRow("training.optimizer.beta2=-1", "-1")]
    [DataRow("training.optimizer.epsilon=0", "positive epsilon")]
    [DataRow("training.schedule.warmupSteps=-1", "training.schedule.warmupSteps is -1")]
    [DataRow("training.schedule.factor=0", "training.schedule.factor is 0")]
    [DataRow("training.schedule.milestones=[2,1]", "training.schedule.milestones is [2, 1]")]
    [DataRow("training.schedule.milestones=[0]", "training.schedule.milestones is [0]")]
    [DataRow("training.schedule.milestones=[3,3]", "training.schedule.milestones is [3, 3]")]
    [DataRow("training.schedule.kind=step", "training.schedule.kind is 'step' but there are no milestones")]
    public void AValueOutOfRangeIsNamedWithItsPath(string setting, string message)
    {
        string refusal = SmallRecipe.Refusal(setting);
        Assert.StartsWith("The recipe 'small.json' cannot be used: ", refusal);
        Assert.Contains(message, refusal);
        Assert.DoesNotContain("\n", refusal);
    }

    [TestMethod]
    public void ARecipeSurvivesSerialisation()
    {
        Recipe recipe = SmallRecipe.Create(
            "source=us",
            "data.workers=2",
            "model.groups=2",
            "model.precision=bfloat16",
            """model.lipschitz={"mode":"perLayer","coefficient":0.7,"maximumExtent":16}""",
            """reversible={"policy":"invert","anchorEvery":4,"compressBits":4,"tolerance":"exact","""
                + """ "maximumEvaluations":9,"hardLimit":0.125}""",
            "training.seed=18446744073709551615",
            "training.optimizer.kind=adamW",
            """training.schedule={"kind":"step","milestones":[1,3],"factor":0.2}""");
        Recipe again = RecipeFile.Parse(RecipeFile.Serialize(recipe), "again.json", []);
        Assert.AreEqual(RecipeFile.Serialize(recipe), RecipeFile.Serialize(again));
        Assert.AreEqual((recipe.Name, recipe.Description, "us"), (again.Name, again.Description, again.Source));
        Assert.AreEqual((DatasetKind.Synthetic, 2), (again.Data.Dataset, again.Data.Workers));
        Assert.AreEqual(new Augmentation { Padding = 1, Flip = true }, again.Data.Augmentation);
        CollectionAssert.AreEqual(recipe.Model.Stages.ToArray(), again.Model.Stages.ToArray());
        Assert.AreEqual((2, BranchPrecision.BFloat16), (again.Model.Groups, again.Model.Precision));
        Assert.AreEqual(recipe.Model.Lipschitz, again.Model.Lipschitz);
        Assert.AreEqual(
            new MemoryPlan { Policy = MemoryPolicy.Invert, AnchorEvery = 4, CompressBits = 4 }, again.Reversible.Plan);
        Assert.AreEqual(
            new InversionSettings { Tolerance = InversionSettings.Exact, MaximumEvaluations = 9, HardLimit = 0.125 },
            again.Reversible.Inversion);
        Assert.AreEqual(ulong.MaxValue, again.Training.Seed);
        Assert.AreEqual(recipe.Training.Optimizer, again.Training.Optimizer);
        CollectionAssert.AreEqual(new[] { 1, 3 }, again.Training.Schedule.Milestones.ToArray());
    }

    [TestMethod]
    public void EveryPresetSurvivesSerialisation()
    {
        foreach (string name in ModelPresets.Names)
        {
            ModelSettings model = ModelPresets.Get(name);
            MemoryPolicy policy =
                PolicyRules.IsPossible(MemoryPolicy.Invert, model) ? MemoryPolicy.Invert : MemoryPolicy.Store;
            ReversibleSettings reversible = new() { Policies = new() { Policy = policy } };
            Recipe recipe = new() { Model = model, Reversible = reversible };
            Recipe again = RecipeFile.Parse(RecipeFile.Serialize(recipe), name, []);
            Assert.AreEqual(RecipeFile.Serialize(recipe), RecipeFile.Serialize(again), name);
            CollectionAssert.AreEqual(recipe.Model.Stages.ToArray(), again.Model.Stages.ToArray(), name);
        }
    }
}
