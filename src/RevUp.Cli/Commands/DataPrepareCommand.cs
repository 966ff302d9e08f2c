using RevUp.Data.Images;
using RevUp.Data.Preparation;

namespace RevUp.Cli.Commands;

/// <summary>
/// <c>revup data prepare</c>: turns a dataset as it is downloaded into what trains fast.
/// </summary>
internal static class DataPrepareCommand
{
    /// <summary>The command and its datasets.</summary>
    public static Command Create(Terminal terminal, CommonOptions common, DataPacking packing) =>
        new("prepare", "Turn a dataset as it is downloaded into one that trains fast.")
        {
            ImageNetCommand(terminal, common, packing),
            DenseCommands.Prepare(terminal, common),
        };

    private static Command ImageNetCommand(Terminal terminal, CommonOptions common, DataPacking packing)
    {
        Argument<string> source = Usage.Argument(
            "FOLDER", "ILSVRC2012_img_train.tar or train, and ILSVRC2012_img_val.tar or val; or Kaggle's folder.");
        Argument<string> output = Usage.Argument("OUTPUT", "The folder to write train and val to; it must not exist.");
        Option<string?> labels = Usage.Option<string?>(
            "--labels", "FILE", "Classes of validation images: LOC_val_solution.csv, the devkit's archive, or a CSV.");
        Command command = new("imagenet", "ImageNet's training and validation images.")
        {
            source, output, labels, packing.Size,
        };
        command.SetAction(arguments => packing.Run(
            terminal,
            arguments,
            common,
            () => ImageNet.Open(arguments.GetRequiredValue(source), arguments.GetValue(labels)),
            arguments.GetRequiredValue(output)));
        return command;
    }
}
