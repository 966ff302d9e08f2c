namespace RevUp.Training;

/// <summary>The measure on the validation part by which a checkpoint is chosen.</summary>
public enum CheckpointMeasure
{
    /// <summary>
    /// The largest top-1, of a segmentation the largest share of positions that are right, of
    /// several labels the largest share of samples of which every label is right; of equals the
    /// smallest loss. A regression has none, and the smallest loss alone counts.
    /// </summary>
    Top1,

    /// <summary>The largest mean recall of the classes; of equals the smallest loss.</summary>
    BalancedAccuracy,

    /// <summary>The largest area under the ROC curve; of equals the smallest loss.</summary>
    Auc,

    /// <summary>The smallest loss.</summary>
    Loss,

    /// <summary>
    /// The largest mean Dice of the foreground's classes, of a segmentation; of equals the smallest
    /// loss.
    /// </summary>
    Dice,

    /// <summary>
    /// The largest mean intersection over union of all classes, of a segmentation; of equals the
    /// smallest loss. Voxels of all cases are added up first, as is usual for street scenes.
    /// </summary>
    Iou,

    /// <summary>
    /// The largest mean average precision of several labels; of equals the smallest loss.
    /// </summary>
    MeanAveragePrecision,
}
