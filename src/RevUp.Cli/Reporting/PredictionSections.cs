namespace RevUp.Cli.Reporting;

/// <summary>The samples that the network predicts worst and best.</summary>
internal static class PredictionSections
{
    public static XElement Create(
        TestPredictions predictions, ImageDataset data, ChannelNormalization normalization, long step) =>
        Section("Predictions",
            $"Predictions of the checkpoint of step {Number(step, "#,0")}. They are the test samples whose true class "
            + "got the lowest and the highest probability.",
            Tag("h3", "Worst"), Samples(predictions.Worst, data, normalization),
            Tag("h3", "Best"), Samples(predictions.Best, data, normalization));

    private static XElement Samples(
        IEnumerable<Prediction> predictions, ImageDataset data, ChannelNormalization normalization) =>
        Tag("ul", Class("samples"), predictions.Select(prediction =>
        {
            (string actual, string predicted) = (data.Classes[prediction.Label], data.Classes[prediction.Predicted]);
            return Tag("li",
                Tag("img",
                    Attribute("src", TestPredictions.DataUri(prediction, data.Sample, normalization)),
                    Attribute("alt", $"A test sample of the class {actual}")),
                Tag("strong", actual), " ", Tag("span", $"{Percent(prediction.LabelProbability)} %"),
                prediction.Label == prediction.Predicted
                    ? null
                    : Tag(
                        "div",
                        $"taken for {predicted} ",
                        Tag("span", $"{Percent(prediction.PredictedProbability)} %")));
        }));
}
