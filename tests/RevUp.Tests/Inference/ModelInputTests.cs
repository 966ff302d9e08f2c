namespace RevUp.Tests.Inference;

/// <summary>
/// Samples that a network was not trained on are refused, and not taken for others.
/// </summary>
[TestClass]
public sealed class ModelInputTests : FolderTest
{
    [TestMethod]
    public void AnImageOfAnotherSizeIsNoBatchOfSmallerOnes()
    {
        using Predictor predictor = PredictorFiles.Load(PredictorFiles.Write(Folder));
        byte[] larger = new byte[4 * PredictorFiles.Length]; // 16 × 16, or four of 8 × 8
        Assert.Refuses<ArgumentException>(
            () => predictor.Predict(larger), "768 bytes are not 1 sample of the shape [1, 8, 8, 3]", "PredictEncoded");
        Assert.HasCount(4 * 3, predictor.Predict(larger, count: 4));
        Assert.Refuses<ArgumentException>(() => predictor.Predict(larger, count: 3), "are not 3 samples");
        Assert.Refuses<ArgumentException>(
            () => predictor.PredictAsync(larger, count: 3).GetAwaiter().GetResult(), "are not 3 samples");
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => predictor.Predict(Array.Empty<byte>(), count: 0));
    }

    [TestMethod]
    public void ANetworkOfBytesRefusesFloatsAndTheOtherWayRound()
    {
        (byte[] bytes, float[] floats) = (PredictorFiles.Image(1), new float[PredictorFiles.Length]);
        using (Predictor predictor = PredictorFiles.Load(PredictorFiles.Write(Folder, new(SampleKind.Bytes))))
        {
            Assert.AreEqual(SampleKind.Bytes, predictor.Kind);
            Assert.HasCount(3, predictor.Predict(bytes));
            Assert.Refuses<ArgumentException>(
                () => predictor.Predict(floats), "The network was trained on bytes, and these are floats");
            Assert.Refuses<ArgumentException>(
                () => predictor.PredictAsync(floats).GetAwaiter().GetResult(), "these are floats");
        }
        using (Predictor predictor = PredictorFiles.Load(PredictorFiles.Write(Folder, new(SampleKind.Floats))))
        {
            Assert.AreEqual(SampleKind.Floats, predictor.Kind);
            Assert.HasCount(3, predictor.Predict(floats));
            Assert.Refuses<ArgumentException>(
                () => predictor.Predict(bytes), "The network was trained on floats, and these are bytes");
            Assert.Refuses<InvalidOperationException>(
                () => predictor.PredictEncoded(ImageFiles.Png(1, 8, 8)), "sample [1, 8, 8, 3] of floats");
        }
    }

    [TestMethod]
    public void FloatsInAnotherUnitThanTheTrainingSetAreRefused()
    {
        ModelInput input = new(SampleKind.Floats) { Range = [0, 1] };
        using Predictor predictor = PredictorFiles.Load(PredictorFiles.Write(Folder, input));
        float[] samples = new float[2 * PredictorFiles.Length];
        samples[PredictorFiles.Length + 5] = 10.5f;
        Assert.HasCount(6, predictor.Predict(samples, count: 2));
        samples[PredictorFiles.Length + 5] = 255;
        Assert.Refuses<ArgumentException>(
            () => predictor.Predict(samples, count: 2),
            "value 5 of sample 1 is 255, and the training set's lie in 0 to 1");
    }

    [TestMethod]
    public void ARunWritesTheKindTheRangeAndTheFramingOfItsSamples()
    {
        ImageFiles.WriteCatsAndDogs(Folder["images"], count: 8);
        using CpuBackend backend = TestRuns.Backend();
        Recipe recipe = SmallRecipe.Create(
            ImageFiles.CatsAndDogs(Folder["images"]), "data.evaluationResize=9", "training.epochs=1");
        using (TrainingRun run = new(backend, recipe, Folder["bytes"], resume: false))
        {
            run.SaveModel(Folder["bytes.safetensors"]);
        }
        Assert.AreEqual(new ModelInput(SampleKind.Bytes, 9), ModelDescription.Read(Folder["bytes.safetensors"]).Input);

        Shape sample = new(1, 8, 8, 1);
        Recipe floats = SmallRecipe.Create(
            """data={"dataset":"custom","extents":[8,8],"channels":1,"classes":2}""");
        using FloatSquares data = new(sample);
        using (TrainingRun run = new(backend, floats, Folder["floats"], resume: false, data, data))
        {
            run.SaveModel(Folder["floats.safetensors"]);
        }
        ModelInput input = ModelDescription.Read(Folder["floats.safetensors"]).Input!;
        Assert.AreEqual((SampleKind.Floats, 0), (input.Kind, input.Resize));
        CollectionAssert.AreEqual(new double[] { -15, 63 }, input.Range!.ToArray());
    }

    [TestMethod]
    public void AFileOfVersionOneTakesBytesAndFloatsAndKeepsItsVectorsToItself()
    {
        byte[] image = PredictorFiles.Image(3);
        string path = PredictorFiles.Write(Folder);
        float[] expected;
        using (Predictor predictor = PredictorFiles.Load(path))
        {
            expected = predictor.Predict(image);
        }
        using (CpuBackend backend = TestRuns.Backend())
        using (RevUpNet net = PredictorFiles.Network(backend))
        {
            (string key, string value) =
                ModelDescription.Metadata(net, PredictorFiles.Normalization, PredictorFiles.Names);
            string old = value.Replace("\"version\":2", "\"version\":1", StringComparison.Ordinal);
            Assert.AreNotEqual(value, old);
            net.WriteWeights(Folder["old"], AxisOrder.ChannelsLast, withVectors: true, (key, old));
        }
        using Predictor loaded = PredictorFiles.Load(Folder["old"]);
        Assert.IsNull(loaded.Kind);
        CollectionAssert.AreEqual(expected, loaded.Predict(image));
        Assert.HasCount(3, loaded.Predict(new float[PredictorFiles.Length]));
        Assert.HasCount(3, loaded.PredictEncoded(ImageFiles.Png(1, 20, 10)));
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(10)]
    public void AnEncodedImageIsFramedAsEvaluationsFrameIt(int resize)
    {
        string path = PredictorFiles.Write(Folder, new(SampleKind.Bytes, resize));
        byte[] png = ImageFiles.Png(3, width: 21, height: 13);
        Directory.CreateDirectory(Folder["train/only"]);
        File.WriteAllBytes(Folder["train/only/0.png"], png);
        using CpuBackend backend = TestRuns.Backend();
        using RevUpNet net = PredictorFiles.Network(backend);
        using ImageFolder data = ImageFolder.Open(Folder.Path, DatasetSplit.Train, net.Sample);
        using SampleReader reader = data.OpenReader();
        SampleTransform transform = new(new Augmentation { Resize = resize }, PredictorFiles.Normalization);
        float[] sample = reader.Read(0, default, transform, net.Sample);
        using Predictor predictor = PredictorFiles.Load(path);
        CollectionAssert.AreEqual(net.Predict(sample), predictor.PredictEncoded(png));
        CollectionAssert.AreEqual(net.Predict(sample), predictor.PredictEncodedAsync(png).GetAwaiter().GetResult());
        Assert.Refuses<DataFileException>(() => predictor.PredictEncoded(png.AsSpan(0, 60)), "the image: ");
        Assert.Refuses<DataFileException>(() => predictor.PredictEncoded([]), "a whole JPEG or PNG file");
    }

    private sealed class FloatSquares(Shape sample) : ImageDataset
    {
        public override int Count => 16;

        public override IReadOnlyList<string> Classes => ["low", "high"];

        public override Shape Sample => sample;

        public override int Label(int index) => index % 2;

        public override SampleReader OpenReader() => new Reader(sample);

        private sealed class Reader(Shape sample) : FloatReader(sample)
        {
            private readonly float[] _values = new float[sample.Count];

            protected override ReadOnlySpan<float> Read(int index)
            {
                for (int i = 0; i < _values.Length; i++)
                {
                    _values[i] = i - index;
                }
                return _values;
            }
        }
    }
}
