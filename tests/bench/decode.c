/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decodes JPEG files, whose names stand on standard input line by line, as pixelprofile collect does, and does nothing with
 * the pixels: tests/bench/collect tells what is added to that.
 */
#include <stdio.h>

#include <glib.h>
#include <jpeglib.h>
#include <string.h>

#define ROWS_AT_ONCE 16

/* @pixels: grows */
static void
decode (const guint8 *data, gsize size, GByteArray *pixels)
{
  struct jpeg_decompress_struct jpeg;
  struct jpeg_error_mgr manager;
  JSAMPROW rows[ROWS_AT_ONCE];

  jpeg.err = jpeg_std_error (&manager);
  jpeg_create_decompress (&jpeg);
  jpeg_mem_src (&jpeg, data, size);
  jpeg_read_header (&jpeg, TRUE);
  jpeg.out_color_space = JCS_RGB;
  jpeg_start_decompress (&jpeg);
  g_byte_array_set_size (pixels, jpeg.output_width * jpeg.output_height * 3);
  while (jpeg.output_scanline < jpeg.output_height) {
    const guint n = MIN (ROWS_AT_ONCE, jpeg.output_height - jpeg.output_scanline);

    for (guint i = 0; i < n; i++)
      rows[i] = pixels->data + (gsize) (jpeg.output_scanline + i) * jpeg.output_width * 3;
    jpeg_read_scanlines (&jpeg, rows, n);
  }
  jpeg_finish_decompress (&jpeg);
  jpeg_destroy_decompress (&jpeg);
}

int
main (void)
{
  g_autoptr (GByteArray) pixels = g_byte_array_new ();
  char line[4096];

  while (fgets (line, sizeof line, stdin)) {
    g_autoptr (GError) error = NULL;
    g_autofree gchar *data = NULL;
    gsize size;

    line[strcspn (line, "\n")] = '\0';
    if (!g_file_get_contents (line, &data, &size, &error))
      g_error ("%s", error->message);
    decode ((const guint8 *) data, size, pixels);
  }
  return 0;
}
