using RevUp.Backends;
using RevUp.Layers;
using RevUp.Tensors;

namespace RevUp.Models;

/// <summary>Turns <see cref="ModelSettings"/> into layers, following the shape of one sample from image to logits.</summary>
internal sealed class NetworkBuilder(Backend backend, ParameterStore store, ModelSettings settings, List<Layer> layers)
{
    private const int ImageNetStemChannels = 64;

    private Shape _shape;

    public void Build(Shape sample, int classes)
    {
        _shape = sample;
        Stem(settings.Stages[0].Channels);
        BranchSettings branches = new(settings.Branch, settings.Activation, settings.Groups, settings.Precision, settings.BlockCount, settings.Lipschitz);
        int index = 0;
        for (int s = 0; s < settings.Stages.Count; s++)
        {
            StageSettings stage = settings.Stages[s];
            if (s > 0)
            {
                Transition($"stages.{s}.down", stage.Channels);
            }
            for (int b = 0; b < stage.Blocks; b++)
            {
                int width = stage.Width == 0 ? stage.Channels : stage.Width;
                Add(new InvertibleBlock($"stages.{s}.blocks.{b}", index++, backend, store, _shape, width, branches));
            }
        }
        Add(new ClassifierHead("head", backend, store, _shape, classes, settings.Activation));
    }

    private void Stem(int channels)
    {
        switch (settings.Stem)
        {
            case StemKind.Convolution:
                Add(new ConvolutionLayer("stem", backend, store, _shape, channels, kernel: 3, settings.StemStride));
                break;
            case StemKind.ImageNet:
                Add(new ConvolutionLayer("stem", backend, store, _shape, ImageNetStemChannels, kernel: 7, stride: 2));
                Add(new MaxPool("stem.pool", backend, _shape));
                Pad("stem.pad", channels);
                break;
            default:
                Pad("stem.pad", channels);
                break;
        }
    }

    private void Transition(string name, int channels)
    {
        if (settings.Downsampling == Downsampling.Strided)
        {
            RequireExtent(name, settings.TransitionKernel);
            Add(new StridedTransition(name, backend, store, _shape, channels, settings.TransitionKernel, settings.Activation));
            return;
        }
        Add(new Squeeze(name, backend, _shape));
        Pad(name + ".pad", channels);
    }

    private void Pad(string name, int channels)
    {
        if (channels != _shape.Channels)
        {
            Add(new ChannelPad(name, backend, _shape, channels));
        }
    }

    private void RequireExtent(string name, int least)
    {
        for (int axis = 0; axis < _shape.SpatialRank; axis++)
        {
            ConfigurationException.Require(
                _shape.Extent(axis) >= least, $"'{name}' cannot halve an activation of shape {_shape}; use fewer stages or larger images");
        }
    }

    private void Add(Layer layer)
    {
        layers.Add(layer);
        _shape = layer.Output;
    }
}
