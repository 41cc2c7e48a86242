/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the reader and the writer of profile files share: the names, the table of tensors, the
 * digest. */
#pragma once

#include "profile-private.h"
#include "io/safetensors.h"
#include "xxh3.h"

#define PIXELNORM_FORMAT_MAJOR 1
#define PIXELNORM_FORMAT_VERSION "1.0"

#define PIXELNORM_KEY_VERSION "pixelnorm.version"
#define PIXELNORM_KEY_SOFTWARE "software"
#define PIXELNORM_KEY_CREATED "created"
#define PIXELNORM_KEY_SOURCES "sources"
#define PIXELNORM_KEY_CONVERSIONS "conversions"
#define PIXELNORM_KEY_SHARDS "shards"
#define PIXELNORM_KEY_WIDTH "width"
#define PIXELNORM_KEY_HEIGHT "height"
#define PIXELNORM_KEY_CHANNELS "channels"
#define PIXELNORM_KEY_DEPTH "depth"
#define PIXELNORM_KEY_RANGE "range"
#define PIXELNORM_KEY_MATRIX "matrix"
#define PIXELNORM_KEY_SUBSAMPLING "subsampling"
#define PIXELNORM_KEY_FRAMES_SKIPPED "frames_skipped"
#define PIXELNORM_KEY_IDENTITY "identity"
#define PIXELNORM_KEY_XXH3 "xxh3"

#define PIXELNORM_DIGEST_DIGITS 32
#define PIXELNORM_DIGEST_ZEROS "00000000000000000000000000000000"

typedef enum {
  PIXELNORM_SHAPE_ONE,      /* [1] */
  PIXELNORM_SHAPE_CHANNELS, /* [channels] */
  PIXELNORM_SHAPE_SAMPLES,  /* [height, width, channels]; scope channel: [1, 1, channels];
                             * subsampled: a tensor a channel, [height, width] of its own */
  PIXELNORM_SHAPE_PIXELS,   /* [height, width, 1]; subsampled: a tensor a channel, as samples */
  PIXELNORM_SHAPE_LEVELS    /* [channels, 2^depth] */
} PixelnormShape;

typedef struct {
  const char *name;
  PixelnormShape shape;
  guint item_sizes; /* the widths that it may have, or-ed; 0: 1 byte at depth 8, else 2 */
  guint scopes;     /* 1 << scope of every scope that has it */
  gboolean optional;
  gsize
      offset; /* into PixelnormProfileData: of the PixelnormArrays, or of the guint64s themselves */
  gboolean embedded; /* the latter */
} PixelnormTensor;

#define PIXELNORM_MAX_TENSOR_NAME 24

extern const PixelnormTensor pixelnorm_tensors[];
extern const guint pixelnorm_n_tensors;

/* Whether the file may hold it in parts. */
static inline gboolean
pixelnorm_tensor_has_parts (const PixelnormTensor *tensor)
{
  return tensor->shape == PIXELNORM_SHAPE_SAMPLES || tensor->shape == PIXELNORM_SHAPE_PIXELS;
}

/* In how many parts the file holds a tensor: as many as channels, where they differ in size. */
guint pixelnorm_tensor_n_parts (const PixelnormTensor *tensor, const PixelnormProfileData *data);

/* The name of a part, "sum" or "sum.Y"; @name holds PIXELNORM_MAX_TENSOR_NAME. */
void pixelnorm_tensor_name (
    const PixelnormTensor *tensor, const PixelnormProfileData *data, guint part, char *name);

/* The shape of a part in a profile of this geometry, with which the rest of @array agrees. */
void pixelnorm_tensor_set_shape (const PixelnormTensor *tensor, const PixelnormProfileData *data,
    guint part, SafetensorsArray *array);

/* The 32 digits of "xxh3" in a header of @size bytes, or NULL where they do not stand there exactly
 * once. */
char *pixelnorm_digest_find (const char *header, gsize size);

/* What was hashed so far, as 32 digits and a NUL. */
void pixelnorm_digest_print (XXH3_state_t *state, char *digits);

typedef XXH3_state_t PixelnormDigestState;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PixelnormDigestState, XXH3_freeState)
