using RevUp.Interop.Cudnn;

namespace RevUp.Backends.Cuda;

/// <summary>
/// The algorithms that were proven and chosen on this device with this cuDNN, in a file that runs
/// share: the next run takes the same ones, whatever their times would be then. A line is a pass
/// and a geometry, a tab, and an algorithm's number and arithmetic. Of a pass with the operation
/// behind it, "1 Default" means that our own kernel does both, "0 Default" that it does not. Of two
/// lines for one convolution the first holds.
/// </summary>
internal sealed class ConvolutionChoices
{
    private const string Heading = "RevUp convolutions 1";

    private static readonly (int Number, CudnnMathType MathType) s_fused = (1, CudnnMathType.Default);
    private static readonly (int Number, CudnnMathType MathType) s_apart = (0, CudnnMathType.Default);
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(100);

    private readonly string _path;
    private readonly Action<string> _say;
    private readonly Dictionary<string, (int Number, CudnnMathType MathType)> _choices = [];
    private bool _isDamaged;

    /// <param name="folder">Where the file is.</param>
    /// <param name="machine">Device and versions, which the file is named after.</param>
    /// <param name="say">Told what is wrong with the file.</param>
    public ConvolutionChoices(string folder, string machine, Action<string> say)
    {
        string name = string.Concat(machine.Select(c => char.IsAsciiLetterOrDigit(c) || c == '.' ? c : '-'));
        _path = Path.Combine(folder, $"convolutions-{name}.txt");
        _say = say;
        Read();
    }

    /// <summary>Place of the algorithm that was chosen, or −1.</summary>
    public int Find(string convolution, IReadOnlyList<CudnnAlgorithm> algorithms)
    {
        if (!_choices.TryGetValue(convolution, out (int Number, CudnnMathType MathType) choice))
        {
            return -1;
        }
        for (int i = 0; i < algorithms.Count; i++)
        {
            if ((algorithms[i].Number, algorithms[i].MathType) == choice)
            {
                return i;
            }
        }
        return -1;
    }

    /// <summary>Whether a pass is fused with the next operation; null if nobody chose.</summary>
    public bool? IsFused(string convolution) =>
        _choices.TryGetValue(convolution, out (int Number, CudnnMathType MathType) choice) ? choice == s_fused : null;

    /// <summary>Remembers whether a pass is fused.</summary>
    public void Add(string convolution, bool isFused) => Add(convolution, isFused ? s_fused : s_apart);

    /// <summary>Remembers a choice. A file that cannot be written is no error.</summary>
    public void Add(string convolution, CudnnAlgorithm algorithm) =>
        Add(convolution, (algorithm.Number, algorithm.MathType));

    private void Add(string convolution, (int Number, CudnnMathType MathType) choice)
    {
        if (!_choices.TryAdd(convolution, choice))
        {
            return;
        }
        string line = string.Create(
            CultureInfo.InvariantCulture, $"{convolution}\t{choice.Number} {choice.MathType}\n");
        Attempt("written", () =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
            using FileStream file = new(_path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
            file.SetLength(_isDamaged ? 0 : file.Length);
            file.Seek(0, SeekOrigin.End);
            file.Write(Encoding.UTF8.GetBytes(file.Length == 0 ? $"{Heading}\n{line}" : line));
            _isDamaged = false;
        });
    }

    private void Read()
    {
        string[] lines = [];
        if (!File.Exists(_path) || !Attempt("read", () => lines = File.ReadAllLines(_path)))
        {
            return;
        }
        for (int i = 0; i < lines.Length; i++)
        {
            if (!(i == 0 ? lines[i] == Heading : Take(lines[i])))
            {
                _choices.Clear();
                _isDamaged = true;
                _say(
                    $"line {i + 1} of {_path} is damaged: the convolutions that were chosen in earlier runs are chosen "
                    + "again, and the file is written again.");
                return;
            }
        }
    }

    private bool Take(string line)
    {
        string[] parts = line.Split('\t', ' ');
        if (line.Count(letter => letter == '\t') != 1
            || !int.TryParse(parts[^2], CultureInfo.InvariantCulture, out int number)
            || !Enum.TryParse(parts[^1], out CudnnMathType math) || !Enum.IsDefined(math))
        {
            return false;
        }
        _choices.TryAdd(line[..line.IndexOf('\t', StringComparison.Ordinal)], (number, math));
        return true;
    }

    // Another process may hold the file for a moment.
    private bool Attempt(string verb, Action work)
    {
        Exception? problem = null;
        SpinWait.SpinUntil(() => IsOver(work, out problem), s_patience);
        if (problem is not null)
        {
            _say(
                $"{_path} cannot be {verb} ({problem.Message}): the next run chooses convolutions again. REVUP_CACHE "
                + "names another folder.");
        }
        return problem is null;
    }

    // Done, or failed for a reason that does not pass.
    private static bool IsOver(Action work, out Exception? problem)
    {
        try
        {
            work();
            problem = null;
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            problem = exception;
            return exception is not IOException or DirectoryNotFoundException;
        }
    }
}
