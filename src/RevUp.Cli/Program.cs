using RevUp.Cli;

return CommandLine.Run(args, Terminal.FromConsole());
