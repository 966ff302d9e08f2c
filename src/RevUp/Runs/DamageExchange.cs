using RevUp.Data;
using RevUp.Distributed;

namespace RevUp.Runs;

/// <summary>Makes the damaged samples that each rank has met known to all.</summary>
internal static class DamageExchange
{
    /// <summary>Adds the samples of all ranks to the list of each.</summary>
    /// <exception cref="DataFileException">
    /// Together there are too many; all ranks throw.
    /// </exception>
    public static void Share(Collective ranks, DamagedSamples damaged)
    {
        if (ranks.IsAlone)
        {
            return;
        }
        try
        {
            DamagedSample[][] all = ranks.Gather(
                damaged.ToList().ToArray(), RunRankJson.Default.DamagedSampleArray, "damaged samples");
            foreach (DamagedSample sample in all.SelectMany(samples => samples))
            {
                damaged.Join(sample);
            }
        }
        catch (DataFileException exception)
        {
            ranks.Refuse(exception);
            throw;
        }
    }
}
