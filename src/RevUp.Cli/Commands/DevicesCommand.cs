using System.CommandLine;
using RevUp.Backends.Cpu;
using RevUp.Cli.Output;
using RevUp.Tensors;
using Spectre.Console;

namespace RevUp.Cli.Commands;

/// <summary><c>revup devices</c>: what networks can be trained on here.</summary>
internal static class DevicesCommand
{
    public static Command Create(Terminal terminal, CommonOptions common)
    {
        Command command = new("devices", "List the devices that networks can be trained on.");
        command.SetAction(arguments =>
        {
            using CpuBackend backend = new(arguments.GetValue(common.Threads));
            Device device = new(backend.Name, backend.Description, backend.Threads, backend.Memory.Capacity, backend.Supports(ElementType.BFloat16));
            if (arguments.GetValue(common.Json))
            {
                terminal.WriteJson(new DevicesDocument([device]), DocumentJson.Default.DevicesDocument);
                return;
            }
            string bFloat16 = device.BFloat16 ? "yes" : "no";
            terminal.Write(terminal.NewTable("device", "threads", "memory MiB", "bfloat16").AddColumn("description")
                .AddRow(device.Name, Format.Count(device.Threads), Format.MiB(device.MemoryBytes), bFloat16, Markup.Escape(device.Description)));
        });
        return command;
    }
}
