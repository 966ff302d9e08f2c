using RevUp.Backends.Cpu;
using RevUp.Backends.Cuda;

namespace RevUp.Cli.Commands;

/// <summary>
/// <c>revup devices</c>: what networks can be trained on here, and what is missing for a GPU.
/// </summary>
internal static class DevicesCommand
{
    // Room for the tensors of a trial and the workspaces of its convolutions.
    private const long TrialMemory = 64 << 20;

    public static Command Create(Terminal terminal, CommonOptions common)
    {
        Command command = new("devices", "List the devices that networks can be trained on.");
        command.SetAction(arguments =>
        {
            Device cpu = Cpu(arguments, common);
            CudaDevices cuda = CudaDevices.Find();
            Device[] devices =
            [
                cpu,
                .. cuda.Devices.Select(gpu => Gpu(gpu, cuda, arguments, common)),
            ];
            if (arguments.GetValue(common.Json))
            {
                terminal.WriteJson(new DevicesDocument(devices, cuda.Problems));
                return;
            }
            terminal.Write(Describe(terminal, devices));
            foreach (Device device in devices.Where(device => device.Problem is not null))
            {
                terminal.WriteLine($"{device.Name} cannot train: {device.Problem}");
            }
            // Without a GPU, what else would be missing for it does not matter yet.
            foreach (string problem in cuda.Problems.Take(cuda.Devices.Count == 0 ? 1 : cuda.Problems.Count))
            {
                terminal.WriteLine($"cuda: {problem}");
            }
        });
        return command;
    }

    private static Device Cpu(ParseResult arguments, CommonOptions common)
    {
        using CpuBackend backend = common.OpenCpu(arguments);
        bool bFloat16 = backend.Supports(ElementType.BFloat16);
        string? problem = DeviceTrial.Run(backend);
        return new Device(
            backend.Name, backend.Description, backend.Threads, backend.Memory.Capacity, bFloat16, problem);
    }

    // What is missing for CUDA is said once, below the table.
    private static Device Gpu(
        CudaDeviceSummary gpu, CudaDevices cuda, ParseResult arguments, CommonOptions common) => new(
        "cuda", gpu.Description, null, gpu.MemoryBytes, gpu.BFloat16,
        cuda.Problems.Count > 0
            ? "see below"
            : DeviceTrial.Run(() => common.OpenCuda(arguments, TrialMemory, gpu.Index)));

    private static Table Describe(Terminal terminal, IEnumerable<Device> devices)
    {
        Table table =
            terminal.NewTable("device", "threads", "memory MiB", "bfloat16", "trains").AddColumn("description");
        foreach (Device device in devices)
        {
            string threads = device.Threads is int count ? Format.Count(count) : "";
            table.AddRow(
                device.Name, threads, Format.MiB(device.MemoryBytes), device.BFloat16 ? "yes" : "no",
                device.Problem is null ? "yes" : "no", Markup.Escape(device.Description));
        }
        return table;
    }
}
