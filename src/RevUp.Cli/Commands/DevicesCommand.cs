using RevUp.Backends.Cpu;
using RevUp.Backends.Cuda;

namespace RevUp.Cli.Commands;

/// <summary>
/// <c>revup devices</c>: what networks can be trained on here, and what is missing for a GPU.
/// </summary>
internal static class DevicesCommand
{
    public static Command Create(Terminal terminal, CommonOptions common)
    {
        Command command = new("devices", "List the devices that networks can be trained on.");
        command.SetAction(arguments =>
        {
            using CpuBackend backend = common.OpenCpu(arguments);
            Device cpu = Cpu(backend);
            CudaDevices cuda = CudaDevices.Find();
            Device[] devices =
            [
                cpu,
                .. cuda.Devices.Select(gpu => new Device("cuda", gpu.Description, null, gpu.MemoryBytes, gpu.BFloat16)),
            ];
            if (arguments.GetValue(common.Json))
            {
                terminal.WriteJson(new DevicesDocument(devices, cuda.Problems));
                return;
            }
            terminal.Write(Describe(terminal, devices));
            // Without a GPU, what else would be missing for it does not matter yet.
            foreach (string problem in cuda.Problems.Take(cuda.Devices.Count == 0 ? 1 : cuda.Problems.Count))
            {
                terminal.WriteLine($"cuda: {problem}");
            }
        });
        return command;
    }

    private static Device Cpu(CpuBackend backend)
    {
        bool bFloat16 = backend.Supports(ElementType.BFloat16);
        return new Device(backend.Name, backend.Description, backend.Threads, backend.Memory.Capacity, bFloat16);
    }

    private static Table Describe(Terminal terminal, IEnumerable<Device> devices)
    {
        Table table = terminal.NewTable("device", "threads", "memory MiB", "bfloat16").AddColumn("description");
        foreach (Device device in devices)
        {
            string threads = device.Threads is int count ? Format.Count(count) : "";
            table.AddRow(
                device.Name, threads, Format.MiB(device.MemoryBytes), device.BFloat16 ? "yes" : "no",
                Markup.Escape(device.Description));
        }
        return table;
    }
}
