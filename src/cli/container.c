/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How many bytes a video file has by its own account. GStreamer takes the end of a file for the end of the video, and so the frames of one
 * that was cut short would count as if it were whole. Only the outermost blocks are looked at: of AVI (chunks of RIFF), of MP4 and MOV
 * (boxes), of Matroska and WebM (the segment). Others, and those that were written as a stream, do not say it.
 */
#include "container.h"

#include <string.h>
#include <unistd.h>

#define HEADER_BYTES 64

typedef struct {
  int fd;
  guint64 offset, size;
} Container;

/* What stands at @at, with zeros behind its end. */
static void
read_header (const Container *container, guint64 at, guint8 *header)
{
  memset (header, 0, HEADER_BYTES);
  if (at < container->size
      && pread (container->fd, header, MIN (HEADER_BYTES, container->size - at),
             (off_t) (container->offset + at))
          < 0)
    memset (header, 0, HEADER_BYTES);
}

/* A number of @n bytes, the highest first. */
static guint64
read_number (const guint8 *bytes, guint n)
{
  guint64 number = 0;

  for (guint i = 0; i < n; i++)
    number = number << 8 | bytes[i];
  return number;
}

/* Large files have several, one after the other. */
static guint64
riff_bytes (const Container *container)
{
  guint8 header[HEADER_BYTES];
  guint64 end = 0;

  for (;;) {
    /* each has an even number of bytes, the last one perhaps not */
    read_header (container, end + end % 2, header);
    const guint64 length = header[4] | header[5] << 8 | header[6] << 16 | (guint64) header[7] << 24;
    if (memcmp (header, "RIFF", 4) != 0 || length == 0)
      return end;
    end += end % 2 + 8 + length;
  }
}

static gboolean
is_box (const guint8 *name)
{
  static const gchar names[][5] = { "ftyp", "styp", "moov", "moof", "mdat", "free", "skip", "wide",
    "uuid", "sidx", "mfra", "meta", "pnot" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (memcmp (name, names[i], 4) == 0)
      return TRUE;
  return FALSE;
}

static guint64
boxes_bytes (const Container *container)
{
  guint8 header[HEADER_BYTES];
  guint64 end = 0;

  for (;;) {
    read_header (container, end, header);
    const gboolean is_long = read_number (header, 4) == 1;
    const guint64 length = read_number (header + (is_long ? 8 : 0), is_long ? 8 : 4);
    /* 0: to the end of the file, whatever it is */
    if (!is_box (header + 4) || length < 8 || length > G_MAXINT64 - end)
      return end;
    end += length;
  }
}

/* EBML: a number has as many bytes as its first one has zeros before the highest 1, and one. */
static guint64
read_length (const guint8 *bytes, guint *n)
{
  *n = 1;
  while (*n < 8 && !(bytes[0] & 0x80 >> (*n - 1)))
    ++*n;
  return read_number (bytes, *n) & (((guint64) 1 << 7 * *n) - 1);
}

static guint64
segment_bytes (const Container *container)
{
  guint8 header[HEADER_BYTES];
  guint n;

  read_header (container, 0, header);
  const guint64 length = read_length (header + 4, &n);
  const guint64 at = 4 + n + length;
  read_header (container, at, header);
  if (read_number (header, 4) != 0x18538067)
    return 0;
  const guint64 segment = read_length (header + 4, &n);
  /* all bits: not known */
  return segment == ((guint64) 1 << 7 * n) - 1 ? 0 : at + 4 + n + segment;
}

/* Of the file of @size bytes from @offset on in @fd. Returns: 0 where it does not say */
guint64
container_bytes (int fd, guint64 offset, guint64 size)
{
  const Container container = { fd, offset, size };
  guint8 header[HEADER_BYTES];

  read_header (&container, 0, header);
  if (memcmp (header, "RIFF", 4) == 0 && memcmp (header + 8, "AVI ", 4) == 0)
    return riff_bytes (&container);
  if (read_number (header, 4) == 0x1a45dfa3)
    return segment_bytes (&container);
  return boxes_bytes (&container);
}
