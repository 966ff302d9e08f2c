using RevUp.Cli;
using RevUp.Cli.Output;

return CommandLine.Run(args, Terminal.FromConsole());
