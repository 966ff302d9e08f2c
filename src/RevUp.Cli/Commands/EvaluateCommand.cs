using RevUp.Data.Dense;
using RevUp.Distributed;

namespace RevUp.Cli.Commands;

/// <summary><c>revup evaluate</c>: the quality of a checkpoint on a part of its data.</summary>
internal static class EvaluateCommand
{
    public static Command Create(Terminal terminal, CommonOptions common)
    {
        CheckpointOption checkpoint = new();
        DataOptions where = new();
        Option<string?> part = Usage.Option<string?>(
            "--part", "PART",
            "Part of the data: train, validation or test; by default test, or validation where there is no other.");
        part.AcceptOnlyFromAmong([.. Enum.GetValues<DatasetSplit>().Select(split => split.Text())]);
        Command command = new("evaluate", "Evaluate a checkpoint on the test part of its data.") { checkpoint, part };
        where.AddTo(command);
        command.SetAction(arguments =>
        {
            using Backend backend = common.OpenBackend(arguments);
            using LoadedCheckpoint loaded = CheckpointOption.Load(
                terminal, backend, arguments.GetRequiredValue(checkpoint), where.Overrides(arguments));
            DatasetSplit split = arguments.GetValue(part) is { } name
                ? DatasetSplits.Parse(name)
                : Datasets.Judged(loaded.Recipe.Data);
            using ImageDataset data = loaded.OpenData(split, terminal.Note);
            DamagedSamples damaged = new(
                data, loaded.Recipe.Data.MaximumDamagedShare, sample => terminal.Note($"left out: {sample.Reason}"));
            EvaluationResult result = data is DensePatches maps
                ? Evaluate(loaded, maps, split, damaged)
                : Evaluator.Evaluate(
                    loaded.Network, data, loaded.Normalization,
                    loaded.Recipe.EvaluationBatches with { Damaged = damaged });
            result = result with { Part = split };
            if (arguments.GetValue(common.Json))
            {
                EvaluationDocument document = EvaluationDocument.From(result, data.Classes);
                terminal.WriteJson(document);
                return;
            }
            EvaluationTables.Write(terminal, result, data.Classes, loaded.Step);
        });
        return command;
    }

    private static EvaluationResult Evaluate(
        LoadedCheckpoint loaded, DensePatches data, DatasetSplit part, DamagedSamples damaged)
    {
        SegmentationRecorder recorder = new(data.Classes, views: 0, regions: data.Cases.Regions);
        long memory = SegmentationEvaluator.MemoryOf(loaded.Network, loaded.Recipe.Reversible);
        SegmentationEvaluator evaluator = new(loaded.Network, data, loaded.Normalization, memory);
        using StopAgreement never = new(Collective.Alone, CancellationToken.None);
        EvaluationResult result = evaluator.Evaluate(recorder, damaged, progress: null, never);
        return result with { Segmentation = recorder.Complete(part, loaded.Step).Measures.Summary };
    }
}
