namespace RevUp.Tests.Lifetimes;

/// <summary>The table: every object that owns something, with its public calls.</summary>
internal static class LifetimeCalls
{
    public static IReadOnlyList<LifetimeCall> All { get; } =
    [
        .. Of("Backend", Needs.Backend, s => s.Backend,
            ("Allocate", s => s.Backend.Memory.Free(s.Backend.Memory.AllocateBytes(64, MemoryPurpose.Workspace))),
            ("Upload", s => s.Backend.Upload<double>([3, 4], s.Numbers)),
            ("Download", s => s.Backend.Download(s.Numbers, new double[2])),
            ("Stage", s => s.Backend.Stage<double>([3, 4], s.Numbers)),
            ("Fill", s => s.Backend.Fill(s.Stream, 1)),
            ("Cast", s => s.Backend.Cast(s.Stream, s.Gradient)),
            ("Axpy", s => s.Backend.Axpy(default, s.Stream, s.Gradient)),
            ("Convolution", s => s.Backend.Convolution(s.Convolution.Sample)),
            ("CreateReadback", s => s.Backend.CreateReadback(1).Dispose()),
            ("Time", s => s.Backend.Time(1, () => { })),
            ("Description", s => _ = s.Backend.Description),
            ("Supports", s => s.Backend.Supports(ElementType.Float32)),
            ("new RevUpNet", s => new RevUpNet(s.Backend, s.Net.Settings, s.Net.Sample, s.Net.Classes, 1).Dispose()),
            ("new ParameterStore", s => new ParameterStore(s.Backend).Dispose())),
        .. Of("RevUpNet", Needs.Network, s => s.Net,
            ("Predict", s => s.Net.Predict(s.Pixels)),
            ("Infer", s => s.Net.Backend.Memory.Free(s.Net.Infer(s.Pixels))),
            ("PrepareInference", s => s.Net.PrepareInference(s.Batch)),
            ("PrepareStep", s => s.Net.PrepareStep(s.Batch, 0)),
            ("Invalidate", s => s.Net.Invalidate()),
            ("Backend", s => _ = s.Net.Backend),
            ("new TrainingStep", s => WalkLife.NewStep(s.Net, MemoryPolicy.Invert).Dispose()),
            ("SaveWeights", s => s.Net.SaveWeights(s.File)),
            ("LoadWeights", s => s.Net.LoadWeights(s.File)),
            ("OnnxFile.Write", s => OnnxFile.Write(s.Net, s.File))),
        .. Of("ParameterStore", Needs.Network, s => s.Net.Parameters,
            ("Values", s => s.Backend.Fill(s.Net.Parameters.Values, 0.1f)),
            ("Gradients", s => s.Backend.Fill(s.Net.Parameters.Gradients, 0)),
            ("StateValues", s => s.Backend.Fill(s.Net.Parameters.StateValues, 0.1f)),
            ("Parameter.Value", s => s.Backend.Fill(s.Convolution.Weight.Value, 0.1f)),
            ("Parameter.Gradient", s => s.Backend.Fill(s.Convolution.Weight.Gradient, 0)),
            ("StateTensor.Value", s => s.Backend.Fill(s.Net.Parameters.State[0].Value, 0.1f)),
            ("Add", s => s.Net.Parameters.Add("more", new(1), ParameterGroup.Weights, Initialization.Constant(1))),
            ("AddState", s => s.Net.Parameters.AddState("more", new Shape(1), random: false)),
            ("Build", s => s.Net.Parameters.Build(1))),
        .. Of("Layer", Needs.Network, s => s.Block,
            ("Prepare", s => s.Block.Prepare(s.Batch, NetworkUse.Evaluation)),
            ("Repeat", s => s.Block.Repeat()),
            ("Forward", s =>
            {
                SavedTensors saved = default;
                s.Backend.Memory.Free(s.Block.Forward(s.Stream, ForwardMode.Keep, ref saved));
            }),
            ("Backward", s =>
            {
                SavedTensors saved = default;
                s.Block.Backward(s.Stream, s.Gradient, inputGradient: true, ref saved);
            })),
        .. Of("ResidualBranch", Needs.Network, s => s.Block.Branch,
            ("Prepare", s => s.Block.Branch.Prepare(s.Batch, NetworkUse.Evaluation)),
            ("Evaluate", s =>
            {
                SavedTensors saved = default;
                s.Backend.Memory.Free(s.Block.Branch.Evaluate(s.Stream, save: false, ref saved));
            }),
            ("LipschitzBound", s => s.Block.Branch.LipschitzBound()),
            ("Multiplier", s => s.Backend.Download(s.Block.Branch.Multiplier, new float[1]))),
        .. Of("Convolution", Needs.Network, s => s.Convolution,
            ("Prepare", s => s.Convolution.Prepare(s.Batch, NetworkUse.Evaluation, default)),
            ("Forward", s => s.Backend.Memory.Free(s.Convolution.Forward(s.Stream))),
            ("ForwardOnce", s => s.Backend.Memory.Free(s.Convolution.ForwardOnce(s.Stream, default)))),
        .. Of("TrainingStep", Needs.Network, s => s.Step,
            ("Run", s => s.Step.Run(s.Pixels, s.Targets, 1)),
            ("Stage", s => s.Step.Stage(s.Pixels, s.Targets)),
            ("Start", s => s.Step.Start(1)),
            ("Finish", s => s.Step.Finish()),
            ("Accumulate", s => s.Step.Accumulate(s.Pixels, s.Targets)),
            ("Update", s => s.Step.Update(1))),
        .. Of("ReversibleEngine", Needs.Network, s => s.Step.Engine,
            ("Forward", s => s.Step.Engine.Backward(s.Step.Engine.Forward(s.Input)))),
        .. Of("ReversibleEngine", Needs.Backend, s => s.Step.Engine,
            ("Plan", s => s.Step.Engine.Plan = new MemoryPlan()),
            ("Inversion", s => s.Step.Engine.Inversion = new InversionSettings())),
        .. Of("Optimizer", Needs.Backend, s => s.Step.Optimizer,
            ("Schedule", s => s.Step.Optimizer.Schedule(1, 1)),
            ("Moments", s => s.Backend.Fill(s.Step.Optimizer.Moments[0], 0))),
        .. Of("Optimizer", Needs.Network, s => s.Step.Optimizer, ("Update", s => s.Step.Optimizer.Update())),
        .. Of("FixedPointInversion", Needs.Backend, s => s.Inversion,
            ("Settings", s => s.Inversion.Settings = new InversionSettings())),
        .. Of("PowerIteration", Needs.Network, s => s.Norms, ("Iterate", s => s.Norms.Iterate(1))),
        .. Of("AdaptiveCoefficients", Needs.Network, s => s.Net.Coefficients!,
            ("Reload", s => s.Net.Coefficients!.Reload()),
            ("State", s => s.Backend.Download(s.Net.Coefficients!.State, new float[s.Net.Blocks.Count])),
            ("Bounds", s => s.Backend.Download(s.Net.Coefficients!.Bounds, new double[s.Net.Blocks.Count])),
            ("Observe", s => s.Net.Coefficients!.Observe(s.Step.Engine.Records))),
        .. Of("Readback", Needs.Backend, s => s.Readback,
            ("Copy", s => s.Readback.Copy(s.Numbers, 0)),
            ("Mark", s => s.Readback.Mark()),
            ("Wait", s => s.Readback.Wait())),
        .. Of("BatchLoader", Needs.Nothing, s => s.Loader, ("Epoch", s => s.Loader.Epoch(0).First())),
    ];

    private static IEnumerable<LifetimeCall> Of(
        string owner,
        Needs needs,
        Func<LifetimeScene, IDisposable> target,
        params (string Name, Action<LifetimeScene> Act)[] calls) =>
        calls.Select(call => new LifetimeCall(owner, call.Name, needs, target, call.Act));
}
