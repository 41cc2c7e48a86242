/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How inputs are changed: a third at any place, a third in the data only, and a third in the JSON
 * only, with the length word and the padding made right again. Changes at random places alone would
 * seldom get behind the check of the first eight bytes.
 */
#include "fuzz.h"

#include <string.h>

#define LENGTH_BYTES 8
#define ALIGNMENT 64

static size_t
mutate_header (uint8_t *data, size_t size, size_t header_size, size_t max_size)
{
  const size_t n_data = size - header_size;
  const size_t room = max_size / ALIGNMENT * ALIGNMENT - LENGTH_BYTES;
  g_autofree uint8_t *text = g_malloc (max_size);
  g_autofree uint8_t *kept = g_memdup2 (data + header_size, n_data);
  size_t n = header_size - LENGTH_BYTES;
  guint64 length;

  memcpy (text, data + LENGTH_BYTES, n);
  while (n > 0 && text[n - 1] == ' ')
    n--;
  n = LLVMFuzzerMutate (text, n, room);
  length = (n + LENGTH_BYTES + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT - LENGTH_BYTES;
  memcpy (data, &length, LENGTH_BYTES);
  memcpy (data + LENGTH_BYTES, text, n);
  memset (data + LENGTH_BYTES + n, ' ', length - n);
  size = LENGTH_BYTES + length;
  n = MIN (n_data, max_size - size);
  if (n > 0)
    memcpy (data + size, kept, n);
  return size + n;
}

size_t
LLVMFuzzerCustomMutator (uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
  const size_t header_size = fuzz_header_size (data, size);

  if (header_size < LENGTH_BYTES || max_size < 2 * ALIGNMENT
      || header_size > max_size / ALIGNMENT * ALIGNMENT || seed % 3 == 0)
    return LLVMFuzzerMutate (data, size, max_size);
  if (seed % 3 == 1 && size > header_size)
    return header_size
        + LLVMFuzzerMutate (data + header_size, size - header_size, max_size - header_size);
  return mutate_header (data, size, header_size, max_size);
}
