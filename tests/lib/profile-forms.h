/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Profiles of every form that a file can have, for the tests of reading and of saving. */
#pragma once

#include "profile/profile-format.h"

typedef struct {
  const char *name;
  const char *channels;
  guint width, height; /* 0: scope channel */
  guint depth;
  guint frames;
  guint weight; /* each frame counts as that many */
  gboolean counted;
  PixelnormRange range;
  const char *matrix;
  guint log2_chroma_w, log2_chroma_h;
} Form;

extern const Form forms[];
extern const guint n_forms;
/* So large that several threads read and write it. */
extern const Form threaded_form;

#define RGB8 (&forms[0])
#define YUV8 (&forms[1])
#define RGB8_COUNTED (&forms[5])
#define RGB8_CHANNEL (&forms[8])
#define LARGE (&forms[11]) /* a file of 31 KB */

PixelnormProfile *make_profile (const Form *form);

/* The bytes of a good file. */
GBytes *make_file (const Form *form);
GBytes *read_bytes (const char *path);

/* A folder for this run of the test; nothing else is in it. */
void make_folder (void);
void remove_folder (void);
char *path_in_folder (const char *name);
