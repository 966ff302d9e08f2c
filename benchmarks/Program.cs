using RevUp.Benchmarks;
using RevUp.Benchmarks.Studies;
using RevUp.Data;
using RevUp.Interop;
using RevUp.Tensors;

SortedDictionary<string, Action<Arguments>> studies = new(StringComparer.Ordinal)
{
    ["cudnn"] = CudnnStudy.Run,
    ["decoding"] = DecodingStudy.Run,
    ["dense"] = DenseStudy.Run,
    ["depth"] = DepthStudy.Run,
    ["gpu-depth"] = GpuDepthStudy.Run,
    ["gpu-model"] = GpuModelStudy.Run,
    ["gpu-ranks"] = GpuRanksStudy.Run,
    ["gpu-throughput"] = GpuThroughputStudy.Run,
    ["gpu-volume"] = GpuVolumeStudy.Run,
    ["kernels"] = KernelsStudy.Run,
    ["kill"] = KillStudy.Run,
    ["loading"] = LoadingStudy.Run,
    ["memory"] = MemoryStudy.Run,
    ["neighbours"] = NeighboursStudy.Run,
    ["operations"] = OperationsStudy.Run,
    ["parity"] = ParityStudy.Run,
    ["plots"] = PlotsStudy.Run,
    ["ranks"] = RanksStudy.Run,
    ["step"] = StepStudy.Run,
    ["tiles"] = TilesStudy.Run,
    ["traffic"] = TrafficStudy.Run,
    ["unet"] = UNetStudy.Run,
};
SortedDictionary<string, Action<string[]>> workers = new(StringComparer.Ordinal)
{
    [BusyLoops.WorkerName] = BusyLoops.Work,
    [DenseClasses.WorkerName] = DenseClasses.Work,
    [MemoryStudy.WorkerName] = MemoryStudy.Work,
    [NeighbourWorker.PredictionName] = NeighbourWorker.WorkPredictions,
    [NeighbourWorker.StepName] = NeighbourWorker.WorkSteps,
    [RankSums.WorkerName] = RankSums.Work,
    [StepWorker.Name] = StepWorker.Work,
    [UNetStudy.WorkerName] = UNetStudy.Work,
};

try
{
    if (args.Length > 0 && workers.TryGetValue(args[0], out Action<string[]>? work))
    {
        work(args[1..]);
        return 0;
    }
    if (args.Length > 0 && studies.TryGetValue(args[0], out Action<Arguments>? study))
    {
        study(new Arguments(args[0], args[1..]));
        return 0;
    }
    throw new ConfigurationException(
        $"Name a study, one of {string.Join(", ", studies.Keys)}: `./build.sh benchmark step`. "
        + $"{RevUp.Benchmarks.Checkout.ResultsFolder}/README.md says what each measures.");
}
catch (Exception exception) when (exception is ConfigurationException or DataFileException or StudyException
    or ArenaExhaustedException or NativeException or DllNotFoundException)
{
    Console.Error.WriteLine($"error: {exception.Message}");
    return 1;
}
