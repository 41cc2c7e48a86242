/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory for arrays as large as frames: a mapping of its own, whose pages are zero and cost nothing
 * before they are touched, at an address where large pages can be. A head before the array keeps what
 * is needed to free it.
 */
#include "pages.h"

#include <stdlib.h>
#include <sys/mman.h>

#define LARGE_PAGE ((gsize) 2 << 20)
#define PAGE 4096
#define HEAD 64 /* bytes; a cache line */

typedef struct {
  void *map;
  gsize size;
} Head;

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__

/* AddressSanitizer knows where memory of calloc() ends, and not where an array in a mapping does. */
void *
pixelnorm_pages_new (gsize bytes)
{
  return calloc (1, bytes);
}

void
pixelnorm_pages_free (void *pages)
{
  free (pages);
}

#else

void *
pixelnorm_pages_new (gsize bytes)
{
  if (bytes > G_MAXSIZE / 2)
    return NULL;

  const gsize size = bytes + HEAD + (bytes >= LARGE_PAGE ? LARGE_PAGE : 0);
  guint8 *map = mmap (NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  guint8 *start = map;

  if (map == MAP_FAILED)
    return NULL;
#ifdef MADV_HUGEPAGE
  if (bytes >= LARGE_PAGE) {
    start += -(guintptr) map & (LARGE_PAGE - 1);
    madvise (start, bytes + HEAD, MADV_HUGEPAGE); /* a wish: no matter where it is not granted */
  }
#endif
  *(Head *) start = (Head){ map, size };
  return start + HEAD;
}

void
pixelnorm_pages_free (void *pages)
{
  if (!pages)
    return;
  const Head head = *(Head *) ((guint8 *) pages - HEAD);
  munmap (head.map, head.size);
}

#endif

/* In steps, so that whoever maps memory meanwhile need not wait until all is there. */
void
pixelnorm_pages_populate (void *start, gsize bytes)
{
#ifdef MADV_POPULATE_WRITE
  const guintptr begin = (guintptr) start & ~(guintptr) (PAGE - 1), end = (guintptr) start + bytes;

  for (guintptr at = begin; at < end; at += LARGE_PAGE)
    if (madvise ((void *) at, MIN (end - at, LARGE_PAGE), MADV_POPULATE_WRITE) != 0)
      return; /* an old system, or no memory: whoever touches it will see */
#else
  (void) start;
  (void) bytes;
#endif
}
