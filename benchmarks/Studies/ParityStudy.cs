using System.Text.Json;
using RevUp.Backends.Cpu;
using RevUp.Benchmarks.Parity;
using RevUp.Recipes;
using RevUp.Reversible;

namespace RevUp.Benchmarks.Studies;

/// <summary>
/// One training step of every small network of <see cref="ParityCases"/>, written to a file and
/// compared, tensor by tensor, with the PyTorch twin that is built from the same file.
/// </summary>
internal static class ParityStudy
{
    public static void Run(Arguments arguments)
    {
        string folder = arguments.Text("--output", Checkout.Path("artifacts", "parity"));
        arguments.RequireNoOthers();

        File.WriteAllText(Checkout.Path(PresetFile.Place), PresetFile.Text());
        Directory.CreateDirectory(folder);
        List<string> files = [], leftOut = [];
        using (CpuBackend backend = new(1))
        {
            foreach (Recipe recipe in ParityCases.All)
            {
                if (!recipe.Model.Precision.IsOf(backend))
                {
                    leftOut.Add($"`{recipe.Name}`");
                    continue;
                }
                files.Add(Path.Combine(folder, recipe.Name + ".safetensors"));
                ParityFile.Write(backend, recipe, files[^1]);
            }
        }
        Report.Progress(
            $"{files.Count} files are in {folder}; `parity.py FILE...` compares them on a machine that has PyTorch.");

        string script = Checkout.Path("benchmarks", "pytorch", "parity.py");
        (int exitCode, string output, string errors) = PyTorch.Run(script, ["--json", .. files]);
        Comparison[] comparisons = Lines<Comparison>(output);
        (int faultCode, string faults, string faultErrors) = PyTorch.Run(script, ["--faults", .. files]);
        if (comparisons.Length != files.Count || exitCode != (comparisons.All(c => c.Agrees) ? 0 : 1))
        {
            throw new StudyException($"parity.py ended with status {exitCode} instead of comparing: {errors.Trim()}");
        }
        Report report = new("One training step beside PyTorch", arguments, threads: 1);
        report.Paragraph($"PyTorch {comparisons[0].Torch} on the same processor, one thread.");
        if (leftOut.Count > 0)
        {
            report.LeaveOut($"{string.Join(", ", leftOut)}, in whose precision this processor does not compute.");
        }
        report.Paragraph(
            """
            Each row is one step of a small network, from the same weights, power-iteration state, momentum and batch,
            by RevUp and by the twin in `pytorch/`. The twin runs the step twice: in float64, which serves as the truth,
            and in the precision of the case. A number is RevUp's error against the truth, ‖a − b‖ / ‖b‖, the largest of
            the tensors of its kind, in percent of what is allowed; the tolerance is derived in `pytorch/README.md`. k
            is the number of branch evaluations of every inverted block, which the twin's own stop rule has to find
            again.
            """);
        string[] quantities = [.. comparisons[0].Quantities.Select(q => q.Name)];
        report.Table(
            ["case", "policy", "k", .. quantities.Select(name => $"{name}, %"), "worst error", "agrees"],
            comparisons.Select(c => (string[])
            [
                c.Case, c.Policy, c.Evaluations, .. c.Quantities.Select(q => $"{100 * q.Error / q.Allowed:F0}"),
                $"{c.Quantities.Max(q => q.Error):0.0e-0}",
                c.Agrees ? "yes" : "NO",
            ]));
        report.Heading("What the comparison finds");
        report.Paragraph(
            "Twins that are wrong on purpose, one fault each. Excess: the least factor above the tolerance.");
        Fault[] caught = Lines<Fault>(faults);
        report.Table(
            ["fault", "cases", "caught", "least excess"],
            caught.Select(f => (string[])[f.Name, $"{f.Cases}", $"{f.Caught}", $"{f.LeastExcess:0.0e0}"]));
        report.Write("parity");
        if (exitCode != 0 || faultCode != 0)
        {
            throw new StudyException(
                "RevUp and its twin disagree, or a wrong twin was not found: see the table above. "
                + $"{errors}{faultErrors}".Trim());
        }
    }

    private static T[] Lines<T>(string output) =>
        [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(
            line => JsonSerializer.Deserialize<T>(line, JsonSerializerOptions.Web)!)];

    private sealed record Comparison(
        string Case, string Policy, string Torch, string Evaluations, Quantity[] Quantities, bool Agrees);

    private sealed record Quantity(string Name, string Tensor, double Error, double Allowed);

    private sealed record Fault(string Name, int Cases, int Caught, double LeastExcess);
}
