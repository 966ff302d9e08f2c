using System.Reflection;
using System.Text.Json.Serialization.Metadata;
using RevUp.Backends;
using RevUp.Backends.Cuda;
using RevUp.Tensors;

namespace RevUp.Distributed;

/// <summary>
/// The ranks of a run, and the operations that they do together. Every rank makes the same calls
/// in the same order, from one thread. A call returns when all ranks have made it.
/// </summary>
/// <remarks>
/// A rank that waits longer than <see cref="Deadline"/> throws a RankLostException. When
/// that happens inside the library, which cannot be interrupted, the process ends with the same
/// message. A rank that fails alone must call <see cref="Abort"/>: the others wait for it.
/// </remarks>
internal abstract class Collective : IDisposable
{
    /// <summary>Longest wait for another rank, unless a recipe says otherwise.</summary>
    public const int DefaultTimeoutSeconds = 600;

    /// <summary>The longest wait that a recipe may ask for.</summary>
    public const int MostTimeoutSeconds = 86_400;

    // Before an answer: the rest is a value, or the message of a failure.
    private const byte IsValue = 1, IsFailure = 0;

    // Of a name and a version, whatever the version is.
    private const int VersionBytes = 256;

    /// <summary>Version of this program, with its commit.</summary>
    public static string Version { get; } = typeof(Collective).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    /// <summary>One process without a launcher: no library is loaded.</summary>
    public static Collective Alone => new SingleRank();

    /// <summary>Number of this rank, from 0.</summary>
    public abstract int Rank { get; }

    /// <summary>Number of ranks.</summary>
    public abstract int Size { get; }

    /// <summary>Name and version of the library; empty for one process.</summary>
    public abstract string Library { get; }

    /// <summary>
    /// Whether the device does what was begun beside the work of this rank, without the host.
    /// Otherwise <see cref="Begin"/> returns when all ranks have come.
    /// </summary>
    public virtual bool IsConcurrent => false;

    /// <summary>
    /// The device that this rank has joined with, which goes with the ranks; null where any will
    /// do.
    /// </summary>
    public virtual Backend? Backend => null;

    /// <summary>Whether there is nobody to meet: a step then has no sums over ranks.</summary>
    public virtual bool IsAlone => Size == 1;

    /// <summary>Whether this rank writes the files of the run and talks to the user.</summary>
    public bool IsFirst => Rank == 0;

    /// <summary>This rank in a message, with its node.</summary>
    public string Place => $"rank {Rank} of {Size} on {Environment.MachineName}";

    /// <summary>The step in progress, counted from 1, for messages; 0 before the first.</summary>
    public long Step { get; set; }

    /// <summary>
    /// Longest wait for another rank; until a recipe says otherwise, the longest wait to join.
    /// </summary>
    public TimeSpan Deadline { get; set; } = TimeSpan.FromSeconds(DefaultTimeoutSeconds);

    /// <summary>
    /// Time that the host has stood in calls which meet the other ranks; zero where the device
    /// does.
    /// </summary>
    public TimeSpan Waited { get; protected set; }

    /// <summary>
    /// The exception that all ranks throw together, of which one message is enough; null while
    /// there is none.
    /// </summary>
    public Exception? Refusal { get; private set; }

    /// <summary>Joins the other processes of a launcher on CPUs; alone without one.</summary>
    /// <exception cref="DllNotFoundException">The launcher's MPI library is missing.</exception>
    /// <exception cref="ConfigurationException">
    /// The library counts other ranks than the launcher, or the launcher has no MPI.
    /// </exception>
    public static Collective Join(RankEnvironment environment)
    {
        ArgumentNullException.ThrowIfNull(environment);
        ConfigurationException.Require(
            environment.Size == 1 || environment.HasMpi,
            $"{environment.Launcher} has started {environment.Size} ranks, which need MPI on CPUs; use --device cuda, "
            + $"or start them with mpirun");
        return environment.Size == 1 ? Alone : new MpiCollective(environment);
    }

    /// <summary>
    /// Joins the other processes of a launcher, each on a GPU, which goes with the ranks; alone
    /// without one.
    /// </summary>
    /// <param name="environment">The launcher's.</param>
    /// <param name="open">Opens the GPU of a number.</param>
    /// <inheritdoc cref="NcclCollective(CudaBackend, RankEnvironment)" path="/exception"/>
    public static Collective Join(RankEnvironment environment, Func<int, CudaBackend> open)
    {
        CudaBackend backend = open(environment.DeviceOf(CudaDevices.Find().Devices.Count));
        try
        {
            return environment.Size == 1 ? new SingleRank(backend) : new NcclCollective(backend, environment);
        }
        catch
        {
            backend.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Adds float32 values over all ranks, in place, in an order that the library chooses. All
    /// ranks get the same bits.
    /// </summary>
    public abstract void Sum(Tensor values, string what);

    /// <summary>
    /// Begins the sum of float32 or float64 values over all ranks, in place, as the work issued so
    /// far leaves them. Nothing may touch them until <see cref="Complete"/>. May be recorded.
    /// </summary>
    public virtual void Begin(Tensor values, string what) => Sum(values, what);

    /// <summary>
    /// Begins to collect the values of every rank, of one length, on every rank: part r of
    /// <paramref name="all"/> is rank r's. May be recorded.
    /// </summary>
    /// <exception cref="NotSupportedException">
    /// The ranks are not concurrent (<see cref="IsConcurrent"/>).
    /// </exception>
    public virtual void BeginGather(Tensor own, Tensor all) =>
        throw new NotSupportedException($"Ranks of {Library} gather on the host alone.");

    /// <summary>Begins several operations, of which the library may make one.</summary>
    public virtual void BeginTogether(Action begin) => begin();

    /// <summary>Work issued from here on sees the results of what was begun.</summary>
    public virtual void Complete()
    {
    }

    /// <summary>
    /// Waits on the host for results that came out of sums, or until the deadline.
    /// </summary>
    /// <exception cref="RankLostException">Another rank did not come.</exception>
    public virtual void Await(Readback results, string what)
    {
    }

    /// <summary>The largest of each number over all ranks, in place; none may be NaN.</summary>
    public abstract void Maximum(Span<double> numbers, string what);

    /// <summary>Replaces the bytes of all ranks by the bytes of one.</summary>
    public abstract void Broadcast(Span<byte> bytes, int root, string what);

    /// <summary>
    /// Collects the bytes of every rank, of one length, on every rank, in their order.
    /// </summary>
    public abstract void Gather(ReadOnlySpan<byte> own, Span<byte> all, string what);

    /// <summary>
    /// Sends part r of <paramref name="parts"/>, float32 [Size · n], to rank r. Part r of
    /// <paramref name="received"/>, of the same shape, is what rank r sent to this one.
    /// </summary>
    public abstract void Exchange(Tensor parts, Tensor received, string what);

    /// <summary>
    /// Replaces part r of float32 [Size · n] by part r of rank r, on all ranks.
    /// </summary>
    public abstract void Share(Tensor parts, string what);

    /// <summary>Ends the processes of all ranks, also where one hangs; does not return.</summary>
    public abstract void Abort(int code);

    /// <summary>Leaves the other ranks, after the last call of all.</summary>
    public abstract void Dispose();

    /// <summary>Replaces a float32 tensor of all ranks by the first rank's.</summary>
    public abstract void Broadcast(Tensor values, string what);

    /// <summary>
    /// Refuses ranks of two versions, which may compute or send something else. The first call of
    /// all.
    /// </summary>
    /// <param name="own">The version of this rank.</param>
    /// <exception cref="RankRefusedException">All ranks throw it.</exception>
    public void RequireOneVersion(string own)
    {
        if (IsAlone)
        {
            return;
        }
        byte[] text = new byte[VersionBytes], all = new byte[VersionBytes * Size];
        Encoding.UTF8.TryGetBytes($"{own} on {Environment.MachineName}", text, out _);
        Gather(text, all, "the versions");
        string[] versions = [.. all.Chunk(VersionBytes).Select(part => Encoding.UTF8.GetString(part).TrimEnd('\0'))];
        int other = Array.FindIndex(versions, version => version.Split(' ')[0] != versions[0].Split(' ')[0]);
        if (other > 0)
        {
            throw Refuse(new RankRefusedException(
                $"Rank {other} is RevUp {versions[other]}, and rank 0 is RevUp {versions[0]}; install one version on "
                + "every node."));
        }
    }

    /// <summary>Whether any rank says so.</summary>
    public bool Any(bool own, string what)
    {
        if (IsAlone)
        {
            return own;
        }
        Span<double> word = [own ? 1 : 0];
        Maximum(word, what);
        return word[0] > 0;
    }

    /// <summary>
    /// Result of work that the first rank does for all. A failure is everyone's: the first rank
    /// throws it, the others throw <see cref="RankRefusedException"/>.
    /// </summary>
    /// <param name="work">What the first rank does.</param>
    /// <param name="type">JSON of the result.</param>
    /// <param name="what">Object of the wait, for messages.</param>
    public T First<T>(Func<T> work, JsonTypeInfo<T> type, string what)
    {
        if (IsAlone)
        {
            return work();
        }
        if (!IsFirst)
        {
            byte[] answer = Deliver([], 0, what);
            return answer[0] == IsValue
                ? JsonSerializer.Deserialize(answer.AsSpan(1), type)!
                : throw Refuse(new RankRefusedException(Encoding.UTF8.GetString(answer.AsSpan(1))));
        }
        T value;
        try
        {
            value = work();
        }
        catch (Exception exception)
        {
            _ = Deliver([IsFailure, .. Encoding.UTF8.GetBytes(exception.Message)], 0, what);
            Refuse(exception);
            throw;
        }
        _ = Deliver([IsValue, .. JsonSerializer.SerializeToUtf8Bytes(value, type)], 0, what);
        return value;
    }

    /// <summary>A value of every rank, in their order.</summary>
    public T[] Gather<T>(T own, JsonTypeInfo<T> type, string what) => IsAlone
        ? [own]
        : [.. Gather(JsonSerializer.SerializeToUtf8Bytes(own, type), what)
            .Select(bytes => JsonSerializer.Deserialize(bytes, type)!)];

    /// <summary>Bytes of every rank, of any length each, in their order.</summary>
    public byte[][] Gather(byte[] own, string what)
    {
        byte[][] all = new byte[Size][];
        for (int root = 0; root < Size; root++)
        {
            all[root] = Deliver(root == Rank ? own : [], root, what);
        }
        return all;
    }

    /// <summary>Message of a rank that gives another one up.</summary>
    /// <param name="what">Object of the wait.</param>
    public string Lost(string what) => string.Create(
        CultureInfo.InvariantCulture,
        $"After {Deadline.TotalSeconds} s in step {Step} this rank still waits for {what}: another rank has ended, "
        + $"is stopped, or cannot be reached. Look at the messages of the other ranks, then go on with --resume. If a "
        + $"rank is only slow, raise training.rankTimeoutSeconds.");

    /// <summary>Message of a rank whose others have not joined.</summary>
    public string NotJoined() => string.Create(
        CultureInfo.InvariantCulture,
        $"After {Deadline.TotalSeconds} s this rank still waits for the other ranks to join: a rank has not started, "
        + $"has ended, or cannot be reached. Look at the messages of the other ranks, then start again. If ranks "
        + $"start far apart, raise training.rankTimeoutSeconds, or {RankEnvironment.JoinVariable}=SECONDS for joining "
        + $"alone.");

    /// <summary>Marks an exception that every rank throws now.</summary>
    public Exception Refuse(Exception exception) => Refusal = exception;

    private byte[] Deliver(byte[] bytes, int root, string what)
    {
        Span<int> length = [bytes.Length];
        Broadcast(MemoryMarshal.AsBytes(length), root, what);
        byte[] received = root == Rank ? bytes : new byte[length[0]];
        Broadcast(received.AsSpan(), root, what);
        return received;
    }
}
