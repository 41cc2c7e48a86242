/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libpixelnorm-1.0: exact statistics of video frames, and normalization with them. */
#pragma once

#include <pixelnorm/accumulator.h>
#include <pixelnorm/colour.h>
#include <pixelnorm/denormalizer.h>
#include <pixelnorm/enum-types.h>
#include <pixelnorm/error.h>
#include <pixelnorm/export.h>
#include <pixelnorm/kernels.h>
#include <pixelnorm/layout.h>
#include <pixelnorm/learned-affine.h>
#include <pixelnorm/normalizer.h>
#include <pixelnorm/profile.h>
#include <pixelnorm/settings.h>
