/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between kinds of pictures. Of 8 bits, grey is Pillow's convert("L"): BT.601's weights in 1/65536. Samples of 16 bits are
 * those of 8 times 257, and back the nearest. Grey is made with the deeper samples of the two kinds: so that a picture of 16
 * bits is not rounded before it is weighted, and grey of 16 bits from a picture of 8 has more than 256 values.
 */
#include "convert.h"

#include <string.h>

/* of red, green and blue: together 65536 */
#define RED 19595u
#define GREEN 38470u
#define BLUE 7471u
#define HALF 0x8000u

static inline guint16
deepen (guint8 sample)
{
  return (guint16) (sample * 257u);
}

/* sample * 255 / 65535, rounded, which is this for every sample of 16 bits */
static inline guint8
flatten (guint16 sample)
{
  return (guint8) ((sample * 255u + 32895) >> 16);
}

/* Also of 16 bits it fits in 32: 65535 * 65536 + 32768 < 2^32. */
static inline guint
weigh (guint red, guint green, guint blue)
{
  return (red * RED + green * GREEN + blue * BLUE + HALF) >> 16;
}

static inline guint
read_sample (const guint8 *from, gsize i, guint bytes)
{
  return bytes == 1 ? from[i] : ((const guint16 *) from)[i];
}

static inline void
write_sample (guint8 *to, gsize i, guint bytes, guint sample)
{
  if (bytes == 1)
    to[i] = (guint8) sample;
  else
    ((guint16 *) to)[i] = (guint16) sample;
}

/* As many samples of another depth. */
static inline guint
change_depth (guint sample, guint from_bytes, guint to_bytes)
{
  if (from_bytes == to_bytes)
    return sample;
  return to_bytes == 2 ? deepen ((guint8) sample) : flatten ((guint16) sample);
}

/* All numbers of bytes and channels are constants where it is called: no choice is left in the loop. */
static inline void
convert_samples (const guint8 *from, guint from_bytes, guint8 *to, guint to_bytes, gsize n)
{
  for (gsize i = 0; i < n; i++)
    write_sample (
        to, i, to_bytes, change_depth (read_sample (from, i, from_bytes), from_bytes, to_bytes));
}

static inline void
spread_grey (const guint8 *from, guint from_bytes, guint8 *to, guint to_bytes, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    const guint grey = change_depth (read_sample (from, i, from_bytes), from_bytes, to_bytes);

    for (guint c = 0; c < 3; c++)
      write_sample (to, i * 3 + c, to_bytes, grey);
  }
}

static inline void
mix_grey (const guint8 *from, guint from_bytes, guint8 *to, guint to_bytes, gsize n)
{
  const guint bytes = MAX (from_bytes, to_bytes);

  for (gsize i = 0; i < n; i++) {
    guint rgb[3];

    for (guint c = 0; c < 3; c++)
      rgb[c] = change_depth (read_sample (from, i * 3 + c, from_bytes), from_bytes, bytes);
    write_sample (to, i, to_bytes, change_depth (weigh (rgb[0], rgb[1], rgb[2]), bytes, to_bytes));
  }
}

typedef void (*Convert) (const guint8 *from, guint8 *to, gsize n);

#define DEFINE_DEPTHS(name, from_bytes, to_bytes)                                                  \
  static void same_##name (const guint8 *from, guint8 *to, gsize n)                                \
  {                                                                                                \
    convert_samples (from, from_bytes, to, to_bytes, n);                                           \
  }                                                                                                \
  static void same_rgb_##name (const guint8 *from, guint8 *to, gsize n)                            \
  {                                                                                                \
    convert_samples (from, from_bytes, to, to_bytes, n * 3);                                       \
  }                                                                                                \
  static void spread_##name (const guint8 *from, guint8 *to, gsize n)                              \
  {                                                                                                \
    spread_grey (from, from_bytes, to, to_bytes, n);                                               \
  }                                                                                                \
  static void mix_##name (const guint8 *from, guint8 *to, gsize n)                                 \
  {                                                                                                \
    mix_grey (from, from_bytes, to, to_bytes, n);                                                  \
  }

DEFINE_DEPTHS (8_8, 1, 1)
DEFINE_DEPTHS (8_16, 1, 2)
DEFINE_DEPTHS (16_8, 2, 1)
DEFINE_DEPTHS (16_16, 2, 2)

/* Like @picture, with @channels of 1 or 3, and 1 or 2 @sample_bytes. */
gboolean
picture_convert (
    const Picture *picture, guint channels, guint sample_bytes, Picture *converted, GError **error)
{
  /* from and to 1 or 3 channels, from and to 1 or 2 bytes */
  static const Convert converts[2][2][2][2] = {
    { { { same_8_8, same_8_16 }, { same_16_8, same_16_16 } },
        { { spread_8_8, spread_8_16 }, { spread_16_8, spread_16_16 } } },
    { { { mix_8_8, mix_8_16 }, { mix_16_8, mix_16_16 } },
        { { same_rgb_8_8, same_rgb_8_16 }, { same_rgb_16_8, same_rgb_16_16 } } },
  };

  g_return_val_if_fail (picture != converted, FALSE);
  g_return_val_if_fail (channels == 1 || channels == 3, FALSE);
  g_return_val_if_fail (sample_bytes == 1 || sample_bytes == 2, FALSE);

  if (!picture_resize (converted, picture->width, picture->height, channels, sample_bytes, error))
    return FALSE;
  converts[picture->channels == 3][channels == 3][picture->sample_bytes - 1][sample_bytes - 1](
      picture->pixels, converted->pixels, (gsize) picture->width * picture->height);
  return TRUE;
}
