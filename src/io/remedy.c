/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* REMEDY TABLE: what one can do about an error of the system, which depends on what it is. */
#include "remedy.h"

#include <errno.h>

#define ROOM "Make room on the disk, or save to another"
#define WRITABLE "Save to a directory in which this user may write"
#define READABLE "Give this user the right to read it and to enter its directories, or use a copy"
#define PATH "Check the path: no file of that name is there"
#define MEMORY "Free memory, or raise its limit (ulimit -v)"
#define READER "Keep the program that reads it running"
#define OPEN_FILES "Close other files, or raise the limit on open ones (ulimit -n)"

static const struct {
  int problem;
  const char *reading, *writing; /* the last row: of all others */
} rows[] = {
  { ENOENT, PATH, "Make the directory first, or give another path" },
  { ENOTDIR, PATH, "Make the directory first, or give another path" },
  { EACCES, READABLE, WRITABLE },
  { EPERM, READABLE, WRITABLE },
  { EROFS, READABLE, WRITABLE },
  { ENOMEM, MEMORY, MEMORY },
  { EMFILE, OPEN_FILES, OPEN_FILES },
  { ENFILE, OPEN_FILES, OPEN_FILES },
  { ELOOP, "Mend the symbolic link, or give the path of the file itself",
      "Mend the symbolic link, or give the path of the file itself" },
  { EEXIST, "Give another path", "Give another path" },
  { ENAMETOOLONG, "Give a shorter path", "Give a shorter name" },
  { ENXIO, "Give the path of a file", "Give the path of a file" },
  { EFBIG, "Use a smaller file",
      "Raise the limit on the size of files (ulimit -f), or save to another disk" },
  { EOVERFLOW, "Use a smaller file", "Save to another path" },
  { ENOSPC, "Make room on the disk", ROOM },
  { EDQUOT, "Make room on the disk", ROOM },
  { EPIPE, READER, READER },
  { EIO, "Check the disk, or copy the file to another", "Check the disk, or save to another" },
  { 0, "Copy the file to another place, and use that", "Save to another path" },
};

const char *
pixelnorm_remedy (int problem, gboolean reading)
{
  guint i = 0;

  while (rows[i].problem && rows[i].problem != problem)
    i++;
  return reading ? rows[i].reading : rows[i].writing;
}
