using RevUp.Inference;

namespace RevUp.Cli.Commands;

/// <summary><c>revup export</c>: a trained network in the formats of other programs.</summary>
internal static class ExportCommand
{
    public static Command Create(Terminal terminal, CommonOptions common)
    {
        Argument<string> checkpoint = Usage.Argument(
            "RUN", "A run's folder, for its last checkpoint, or the folder of one checkpoint.");
        Option<string?> onnx = Usage.Option<string?>(
            "--onnx", "FILE",
            "Write the network as an ONNX model: input [N, C, (D), H, W] normalised, logits [N, classes].");
        Option<string?> weights = Usage.Option<string?>(
            "--weights", "FILE",
            "Write the weights as safetensors under PyTorch's names and in its layout, [O, I, kH, kW].");
        Command command =
            new("export", "Write a checkpoint's network for other programs.") { checkpoint, onnx, weights };
        command.Validators.Add(result =>
        {
            if (result.GetValue(onnx) is null && result.GetValue(weights) is null)
            {
                result.AddError("Nothing to export was named; use --onnx FILE, --weights FILE or both.");
            }
        });
        command.SetAction(arguments =>
        {
            using Backend backend = common.OpenBackend(arguments);
            using LoadedCheckpoint loaded = Checkpoint.Load(backend, arguments.GetRequiredValue(checkpoint));
            List<string> files = [];
            if (arguments.GetValue(onnx) is { } model)
            {
                IReadOnlyList<string>? classes = loaded.Classes.Count > 0 ? loaded.Classes : null;
                OnnxFile.Write(loaded.Network, model, loaded.Normalization, classes);
                files.Add(Path.GetFullPath(model));
            }
            if (arguments.GetValue(weights) is { } tensors)
            {
                loaded.Network.SaveWeights(tensors, channelsFirst: true);
                files.Add(Path.GetFullPath(tensors));
            }
            if (arguments.GetValue(common.Json))
            {
                terminal.WriteJson(new ExportDocument(loaded.Step, files));
                return;
            }
            files.ForEach(terminal.WriteLine);
        });
        return command;
    }
}
