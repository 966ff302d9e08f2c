using System.Runtime.CompilerServices;
using RevUp.Tensors;

namespace RevUp.Data.Transforms;

/// <summary>
/// One draw of <see cref="ColorJitterSettings"/>: three factors, an angle as a fraction of the
/// circle, and the order of the four changes.
/// </summary>
internal readonly struct ColorJitter
{
    // Luma of ITU-R BT.601, the grey that image libraries take.
    private const float Red = 0.299f;
    private const float Green = 0.587f;
    private const float Blue = 0.114f;

    private readonly float _brightness;
    private readonly float _contrast;
    private readonly float _saturation;
    private readonly float _hue;
    private readonly Order _order;

    public ColorJitter(float brightness, float contrast, float saturation, float hue, params ReadOnlySpan<int> order)
    {
        (_brightness, _contrast, _saturation, _hue) = (brightness, contrast, saturation, hue);
        order.CopyTo(_order);
    }

    /// <summary>Draws eight numbers always.</summary>
    public static ColorJitter Draw(ref CounterRandom random, ColorJitterSettings settings)
    {
        float brightness = Factor(ref random, settings.Brightness);
        float contrast = Factor(ref random, settings.Contrast);
        float saturation = Factor(ref random, settings.Saturation);
        float hue = (float)((2 * random.NextDouble() - 1) * settings.Hue);
        Span<int> order = stackalloc int[Order.Length];
        for (int i = 0; i < Order.Length; i++)
        {
            // Fisher and Yates, inside out.
            int j = random.NextInt(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        return new ColorJitter(brightness, contrast, saturation, hue, order);
    }

    /// <summary>
    /// Changes an image in place, rounding to bytes after each of the four. A grey image has no
    /// saturation and no hue.
    /// </summary>
    public void Apply(Span<byte> pixels, int channels)
    {
        for (int i = 0; i < Order.Length; i++)
        {
            switch (_order[i])
            {
                case 0 when _brightness != 1:
                    BlendWith(0, _brightness, pixels);
                    break;
                case 1 when _contrast != 1:
                    BlendWith(MeanGrey(pixels, channels), _contrast, pixels);
                    break;
                case 2 when _saturation != 1 && channels == 3:
                    Saturate(pixels);
                    break;
                case 3 when _hue != 0 && channels == 3:
                    TurnHue(pixels);
                    break;
            }
        }
    }

    private static float Factor(ref CounterRandom random, double v)
    {
        double low = Math.Max(0, 1 - v);
        return (float)(low + random.NextDouble() * (1 + v - low));
    }

    private static void BlendWith(float other, float factor, Span<byte> pixels)
    {
        float constant = (1 - factor) * other;
        foreach (ref byte pixel in pixels)
        {
            pixel = ToByte(factor * pixel + constant);
        }
    }

    private static float MeanGrey(ReadOnlySpan<byte> pixels, int channels)
    {
        double sum = 0;
        for (int i = 0; i < pixels.Length; i += channels)
        {
            sum += channels == 3 ? Grey(pixels[i], pixels[i + 1], pixels[i + 2]) : pixels[i];
        }
        return (float)(sum * channels / pixels.Length);
    }

    private void Saturate(Span<byte> pixels)
    {
        for (int i = 0; i < pixels.Length; i += 3)
        {
            float grey = (1 - _saturation) * Grey(pixels[i], pixels[i + 1], pixels[i + 2]);
            pixels[i] = ToByte(_saturation * pixels[i] + grey);
            pixels[i + 1] = ToByte(_saturation * pixels[i + 1] + grey);
            pixels[i + 2] = ToByte(_saturation * pixels[i + 2] + grey);
        }
    }

    // RGB → HSV, H + Hue, → RGB, in the closed form f(n) = V − (V − min)·clamp(min(k, 4 − k), 0, 1)
    // with k = (n + 6H) mod 6 for n = 5, 3, 1.
    private void TurnHue(Span<byte> pixels)
    {
        for (int i = 0; i < pixels.Length; i += 3)
        {
            float red = pixels[i], green = pixels[i + 1], blue = pixels[i + 2];
            float value = Math.Max(red, Math.Max(green, blue));
            float chroma = value - Math.Min(red, Math.Min(green, blue));
            if (chroma == 0)
            {
                continue;
            }
            float sextant = value == red
                ? (green - blue) / chroma
                : value == green
                ? 2 + (blue - red) / chroma
                : 4 + (red - green) / chroma;
            sextant += 6 * _hue;
            pixels[i] = Component(5, sextant, value, chroma);
            pixels[i + 1] = Component(3, sextant, value, chroma);
            pixels[i + 2] = Component(1, sextant, value, chroma);
        }
    }

    private static byte Component(float n, float sextant, float value, float chroma)
    {
        float k = (n + sextant + 12) % 6;
        return ToByte(value - chroma * Math.Clamp(Math.Min(k, 4 - k), 0, 1));
    }

    private static float Grey(float red, float green, float blue) => Red * red + Green * green + Blue * blue;

    private static byte ToByte(float value) => (byte)(Math.Clamp(value, 0, byte.MaxValue) + 0.5f);

    /// <summary>A permutation of brightness 0, contrast 1, saturation 2 and hue 3.</summary>
    [InlineArray(Length)]
    private struct Order
    {
        public const int Length = 4;

        private int _first;
    }
}
