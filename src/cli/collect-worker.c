/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pixelprofile collect: one of the processes that read images and videos. It is told which input to read next, and adds its frames to
 * one accumulator: those of a picture when it was read to its end. What it has read it hands over when it is told to.
 *
 * Frames of a video are added as they come. So that of one that breaks nothing counts, what was read before is handed over when its
 * second frame comes; then all that there is can be thrown away.
 */
#define _GNU_SOURCE /* memfd_create */
#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collect.h"
#include "container.h"
#include "convert.h"
#include "gif.h"
#include "orient.h"
#include "reader.h"

/* READER TABLE: kinds of pictures that are read here, by their first bytes. All else is left to GStreamer. */
static const PictureReader *const readers[] = {
  &jpeg_reader,
  &png_reader,
  &webp_reader,
};

#define MAGIC_BYTES 64
#define PIECE_BYTES 65536
#define PROGRESS_BYTES (PIECE_BYTES * 1024)

typedef struct {
  const CollectSettings *settings;
  GPtrArray *inputs;
  int socket;

  CollectForm form;
  Picture read, oriented, converted, scaled;
  Picture first; /* of this input, until there is another or the end */
  Scaler *scaler;
  PixelnormLayout *layout; /* of the frame before */
  PixelnormAccumulator *accumulator;

  /* of this input */
  const CollectInput *input;
  guint64 frames, skipped;
  guint reduced;
  gchar *buffer; /* the bytes of a picture's file */
  gsize room;
} Worker;

static void
reply (Worker *worker, CollectReply *message)
{
  if (send (worker->socket, message, sizeof *message, MSG_NOSIGNAL) < 0)
    _exit (1); /* the pool is gone */
}

static void
reply_text (Worker *worker, CollectState state, const gchar *text)
{
  CollectReply message = { .state = state };

  g_strlcpy (message.text, text, sizeof message.text);
  reply (worker, &message);
}

/* With a descriptor of a profile of so many frames, which is closed; -1: without. */
static void
reply_handed (Worker *worker, int fd, guint64 frames)
{
  CollectReply message = { .state = COLLECT_HANDED, .frames = frames };
  struct iovec part = { &message, sizeof message };
  union {
    struct cmsghdr header;
    gchar room[CMSG_SPACE (sizeof (int))];
  } control = { 0 };
  struct msghdr whole = { .msg_iov = &part, .msg_iovlen = 1 };

  if (fd >= 0) {
    whole.msg_control = &control;
    whole.msg_controllen = sizeof control.room;
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN (sizeof (int));
    memcpy (CMSG_DATA (&control.header), &fd, sizeof fd);
  }
  if (sendmsg (worker->socket, &whole, MSG_NOSIGNAL) < 0)
    _exit (1);
  if (fd >= 0)
    close (fd);
}

/* In memory: there is no file that could be left behind. */
static void
hand_over (Worker *worker)
{
  g_autoptr (PixelnormProfile) profile = NULL;
  g_autoptr (GError) error = NULL;
  const guint64 frames =
      worker->accumulator ? pixelnorm_accumulator_get_frames (worker->accumulator) : 0;
  int fd = -1;

  if (frames > 0) {
    profile = pixelnorm_accumulator_snapshot (worker->accumulator, &error);
    /* the next one begins empty, so both need never be there at once */
    g_clear_object (&worker->accumulator);
    fd = profile ? memfd_create ("profile", MFD_CLOEXEC) : -1;
    if (!profile || fd < 0 || !pixelnorm_profile_write (profile, fd, &error)) {
      reply_text (worker, COLLECT_FATAL, error ? error->message : g_strerror (errno));
      _exit (1);
    }
  }
  reply_handed (worker, fd, frames);
}

static PixelnormLayout *
make_layout (const Picture *picture, GError **error)
{
  const gboolean grey = picture->channels == 1;
  PixelnormLayout *layout =
      pixelnorm_layout_new (grey ? "Y" : "RGB", picture->width, picture->height, error);

  if (layout && picture->sample_bytes == 2)
    pixelnorm_layout_set_depth (layout, 16, 0, FALSE, NULL);
  /* full range, and one matrix for grey, whatever the input has: else two could not be joined */
  if (layout)
    pixelnorm_layout_set_colorimetry (layout, PIXELNORM_RANGE_FULL, grey ? "bt601" : NULL);
  return layout;
}

static gboolean
set_mask (Worker *worker, GError **error)
{
  const PixelnormGeometry *geometry = pixelnorm_layout_get_geometry (worker->layout);
  const guint width = geometry->width, height = geometry->height;

  if (!mask_image_is_set (&worker->settings->mask))
    return TRUE;
  g_autofree guint8 *bytes = mask_image_make (&worker->settings->mask, width, height, error);
  return bytes
      && pixelnorm_accumulator_set_mask (
          worker->accumulator, worker->layout, bytes, (gsize) width * height, error);
}

static gboolean
make_accumulator (Worker *worker, GError **error)
{
  worker->accumulator = pixelnorm_accumulator_new (worker->settings->scope, worker->layout, error);
  if (worker->accumulator && worker->settings->histogram
      && !pixelnorm_accumulator_keep_histogram (worker->accumulator, error))
    g_clear_object (&worker->accumulator);
  return worker->accumulator != NULL;
}

/* Makes layout and accumulator those of frames like @picture, where they are not. */
static gboolean
prepare (Worker *worker, const Picture *picture, GError **error)
{
  const PixelnormGeometry *before =
      worker->layout ? pixelnorm_layout_get_geometry (worker->layout) : NULL;
  const gboolean same =
      before && before->width == picture->width && before->height == picture->height;

  if (same && worker->accumulator)
    return TRUE;
  if (!same) {
    g_clear_pointer (&worker->layout, pixelnorm_layout_free);
    worker->layout = make_layout (picture, error);
  }
  if (worker->layout && (worker->accumulator || make_accumulator (worker, error))
      && set_mask (worker, error))
    return TRUE;
  /* without a mask the next frame of this size must not count either */
  g_clear_pointer (&worker->layout, pixelnorm_layout_free);
  return FALSE;
}

static gboolean
add_frame (Worker *worker, const Picture *picture, GError **error)
{
  const gsize size =
      (gsize) picture->width * picture->height * picture->channels * picture->sample_bytes;

  return prepare (worker, picture, error)
      && pixelnorm_accumulator_add_data (
          worker->accumulator, worker->layout, picture->pixels, size, error);
}

/* A password or a key in a query is nobody's business. */
static void
note_source (Worker *worker)
{
  const CollectInput *input = worker->input;
  g_autofree gchar *hidden = NULL;

  if (!input->source) {
    g_autoptr (GUri) uri =
        g_uri_parse (input->uri, G_URI_FLAGS_PARSE_RELAXED | G_URI_FLAGS_ENCODED, NULL);

    hidden = uri ? g_uri_to_string_partial (uri, G_URI_HIDE_USERINFO | G_URI_HIDE_QUERY) : NULL;
  }
  pixelnorm_accumulator_add_source (worker->accumulator, input->source ? input->source : hidden);
}

/* The first frame of all: the pool says whether there is memory for such. */
static void
agree (Worker *worker, const CollectForm *form)
{
  CollectReply message = { .state = COLLECT_FORM, .form = *form };
  CollectRequest answer;

  reply (worker, &message);
  if (recv (worker->socket, &answer, sizeof answer, 0) != sizeof answer || !answer.is_agreed)
    _exit (0);
  worker->form = answer.form;
}

static const gchar *
form_word (guint channels, guint sample_bytes)
{
  if (channels == 1)
    return sample_bytes == 1 ? "grey of 8 bits" : "grey of 16 bits";
  return sample_bytes == 1 ? "RGB of 8 bits" : "RGB of 16 bits";
}

static gboolean
check_form (Worker *worker, const Picture *picture, GError **error)
{
  CollectForm *form = &worker->form;
  const CollectForm found = { worker->settings->scope == PIXELNORM_SCOPE_PIXEL ? picture->width : 0,
    worker->settings->scope == PIXELNORM_SCOPE_PIXEL ? picture->height : 0, picture->channels,
    picture->sample_bytes };

  if (form->channels == 0 || (found.width > 0 && form->width == 0))
    agree (worker, &found);
  if (found.width > 0 && (found.width != form->width || found.height != form->height)) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
        "Its frames have %ux%u pixels, those before %ux%u. Give --size=WxH to scale all, or "
        "--scope=channel, which takes any size.",
        picture->width, picture->height, form->width, form->height);
    return FALSE;
  }
  return TRUE;
}

/* Of --format=auto: grey may become RGB, but no colour is lost, and no bits are. */
static gboolean
check_kind (const Worker *worker, const Picture *picture, GError **error)
{
  const CollectForm *form = &worker->form;

  if (worker->settings->form.channels > 0 || form->channels == 0
      || (picture->channels <= form->channels && picture->sample_bytes == form->sample_bytes))
    return TRUE;
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MISMATCH,
      "It is %s, those before %s. Choose one for all: --format=RGB, GRAY8, RGB48 or GRAY16.",
      form_word (picture->channels, picture->sample_bytes),
      form_word (form->channels, form->sample_bytes));
  return FALSE;
}

/* Brings a frame to the form of all. Returns: one of the worker's pictures, or @picture; NULL with @error */
static const Picture *
bring_to_form (Worker *worker, const Picture *picture, guint orientation, GError **error)
{
  const CollectSettings *settings = worker->settings;
  const guint channels = worker->form.channels ? worker->form.channels : picture->channels;
  const guint bytes = worker->form.sample_bytes ? worker->form.sample_bytes : picture->sample_bytes;

  if (!check_kind (worker, picture, error))
    return NULL;
  worker->reduced += picture->sample_bytes > bytes;
  if (channels != picture->channels || bytes != picture->sample_bytes) {
    if (!picture_convert (picture, channels, bytes, &worker->converted, error))
      return NULL;
    picture = &worker->converted;
  }
  if (settings->orient && orientation > 1) {
    if (!picture_orient (picture, orientation, &worker->oriented, error))
      return NULL;
    picture = &worker->oriented;
  }
  if (settings->form.width > 0) {
    if (!picture_resize (
            &worker->scaled, settings->form.width, settings->form.height, channels, bytes, error)
        || !scaler_run (worker->scaler, picture, &worker->scaled, error))
      return NULL;
    picture = &worker->scaled;
  }
  return picture;
}

/* Keeps the frame: another one may follow. */
static gboolean
keep_first (Worker *worker, const Picture *picture, GError **error)
{
  if (!picture_resize (&worker->first, picture->width, picture->height, picture->channels,
          picture->sample_bytes, error))
    return FALSE;
  memcpy (worker->first.pixels, picture->pixels,
      (gsize) picture->width * picture->height * picture->channels * picture->sample_bytes);
  return TRUE;
}

/* A CollectAddFunc: a frame of a video, or of what may be one. */
static gboolean
take_frame (gpointer to, const Picture *picture, guint orientation, GError **error)
{
  Worker *worker = to;

  picture = bring_to_form (worker, picture, orientation, error);
  if (!picture || !check_form (worker, picture, error))
    return FALSE;
  worker->frames++;
  if (worker->frames == 1)
    return keep_first (worker, picture, error);
  if (worker->frames == 2) {
    hand_over (worker);
    if (!add_frame (worker, &worker->first, error))
      return FALSE;
  }
  return add_frame (worker, picture, error);
}

static void
tell_progress (gpointer to)
{
  Worker *worker = to;
  CollectReply message = { .state = COLLECT_PROGRESS, .frames = worker->frames };

  reply (worker, &message);
}

/* Opens a file that an input is, or is in, and says how large the input is. */
static int
open_input (const CollectInput *input, guint64 *size, GError **error)
{
  const int fd = open (input->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  struct stat status;

  if (fd < 0 || fstat (fd, &status) != 0) {
    g_set_error (
        error, PIXELNORM_ERROR, PIXELNORM_ERROR_OPEN, "It cannot be read: %s.", g_strerror (errno));
  } else if (!S_ISREG (status.st_mode)) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_OPEN, "It is not a file any more.");
  } else if (status.st_size == 0) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_READ, "It is empty.");
  } else {
    *size = input->size > 0 ? input->size : (guint64) status.st_size;
    return fd;
  }
  if (fd >= 0)
    close (fd);
  return -1;
}

/* Makes room for @size bytes and reads the first of them. Returns: how many were there, or -1 with @error */
static gssize
read_bytes (Worker *worker, int fd, guint64 size, GError **error)
{
  gsize n = 0;

  if (size > worker->room) {
    g_free (worker->buffer);
    worker->buffer = size < G_MAXSSIZE ? g_try_malloc (size) : NULL;
    worker->room = worker->buffer ? size : 0;
  }
  if (!worker->buffer) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
        "Not enough memory for its %" G_GUINT64_FORMAT " bytes.", size);
    return -1;
  }
  while (n < size) {
    const gssize more =
        pread (fd, worker->buffer + n, size - n, (off_t) (worker->input->offset + n));

    if (more < 0 && errno == EINTR)
      continue;
    if (more < 0) {
      g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_READ, "It cannot be read: %s.",
          g_strerror (errno));
      return -1;
    }
    if (more == 0)
      break;
    n += (gsize) more;
  }
  return (gssize) n;
}

static const PictureReader *
find_reader (const Worker *worker, gssize n)
{
  const gchar *dot = strrchr (worker->input->name, '.');
  /* one JPEG image after the other */
  const gboolean is_motion =
      dot && (g_ascii_strcasecmp (dot, ".mjpeg") == 0 || g_ascii_strcasecmp (dot, ".mjpg") == 0);

  for (guint i = 0; i < G_N_ELEMENTS (readers) && !is_motion; i++)
    if (readers[i]->is_ours ((const guint8 *) worker->buffer, (gsize) n))
      return readers[i];
  return NULL;
}

static gboolean
read_picture (Worker *worker, const PictureReader *reader, int fd, guint64 size, GError **error)
{
  const gssize n = read_bytes (worker, fd, size, error);
  guint orientation = 1;

  if (n < 0
      || !reader->read (
          (const guint8 *) worker->buffer, (gsize) n, &worker->read, &orientation, error))
    return FALSE;
  const Picture *picture = bring_to_form (worker, &worker->read, orientation, error);
  if (!picture || !check_form (worker, picture, error) || !add_frame (worker, picture, error))
    return FALSE;
  worker->frames = 1;
  return TRUE;
}

/* In pieces: of more than 2 GiB one call writes only the first. */
static gboolean
copy_member (Worker *worker, int fd, guint64 size, int copy)
{
  g_autofree gchar *piece = g_malloc (PIECE_BYTES);
  guint64 at = 0;

  while (at < size) {
    const gssize n =
        pread (fd, piece, MIN (PIECE_BYTES, size - at), (off_t) (worker->input->offset + at));

    /* an archive that has become shorter: whoever reads the copy notices what is missing */
    if (n == 0)
      return TRUE;
    if (n < 0 || write (copy, piece, (gsize) n) != n)
      return FALSE;
    at += (guint64) n;
    if (at % PROGRESS_BYTES == 0)
      tell_progress (worker);
  }
  return TRUE;
}

/* What follows is that of a file, also of one that lies in an archive: a copy in memory. */
static gchar *
make_uri (Worker *worker, int fd, guint64 size, int *copy, GError **error)
{
  const CollectInput *input = worker->input;

  if (!input->path)
    return g_strdup (input->uri);
  if (input->size == 0)
    return g_strdup (input->key);
  *copy = memfd_create ("member", MFD_CLOEXEC);
  if (*copy < 0 || !copy_member (worker, fd, size, *copy)) {
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_MEMORY,
        "It cannot be copied out of the archive: %s.", g_strerror (errno));
    return NULL;
  }
  return g_strdup_printf ("file:///proc/self/fd/%d", *copy);
}

static gboolean
read_with_gstreamer (Worker *worker, int fd, guint64 size, guint n_frames, GError **error)
{
  int copy = -1;
  g_autofree gchar *uri = make_uri (worker, fd, size, &copy, error);
  const CollectReading reading = { uri, n_frames, worker->settings->max_frames, &worker->skipped,
    take_frame, tell_progress, worker };
  gboolean ok = uri && collect_gstreamer_read (&reading, error);

  if (copy >= 0)
    close (copy);
  /* it was only one */
  return ok && (worker->frames > 1 || add_frame (worker, &worker->first, error));
}

/* Of a packed file GStreamer says only that a plugin is missing, which there is not. */
static gboolean
check_packed (const Worker *worker, gsize n, GError **error)
{
  static const struct {
    const gchar *name, *begin;
  } kinds[] = { { "gzip", "\x1f\x8b" }, { "bzip2", "BZh" }, { "xz", "\xfd\x37zXZ" },
    { "Zstandard", "\x28\xb5\x2f\xfd" }, { "ZIP", "PK\x03\x04" }, { "7-Zip", "7z\xbc\xaf" } };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    const gsize length = strlen (kinds[i].begin);

    if (n < length || memcmp (worker->buffer, kinds[i].begin, length) != 0)
      continue;
    g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_READ,
        "It is packed (%s). Unpack it, and give the folder or the tar archive.", kinds[i].name);
    return FALSE;
  }
  return TRUE;
}

static gboolean
check_whole (const Worker *worker, int fd, guint64 size, GError **error)
{
  const guint64 whole = container_bytes (fd, worker->input->offset, size);

  if (whole <= size)
    return TRUE;
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_CORRUPT,
      "It was cut short: it should have %" G_GUINT64_FORMAT " bytes, and has %" G_GUINT64_FORMAT
      ". Fetch or save it anew.",
      whole, size);
  return FALSE;
}

static gboolean
read_file (Worker *worker, int fd, guint64 size, GError **error)
{
  const gssize n = read_bytes (worker, fd, MIN (size, MAGIC_BYTES), error);
  const PictureReader *reader = n < 0 ? NULL : find_reader (worker, n);
  guint n_frames = 0;

  if (n < 0 || !check_packed (worker, (gsize) n, error))
    return FALSE;
  if (reader)
    return read_picture (worker, reader, fd, size, error);
  if (gif_is_one ((const guint8 *) worker->buffer, (gsize) n)) {
    const gssize whole = read_bytes (worker, fd, size, error);

    if (whole < 0
        || !gif_count_frames ((const guint8 *) worker->buffer, (gsize) whole, &n_frames, error))
      return FALSE;
  }
  return check_whole (worker, fd, size, error)
      && read_with_gstreamer (worker, fd, size, n_frames, error);
}

static gboolean
read_any (Worker *worker, GError **error)
{
  guint64 size = 0;

  if (!worker->input->path)
    return read_with_gstreamer (worker, -1, 0, 0, error);
  const int fd = open_input (worker->input, &size, error);
  const gboolean ok = fd >= 0 && read_file (worker, fd, size, error);
  if (fd >= 0)
    close (fd);
  return ok;
}

static void
read_input (Worker *worker, const CollectRequest *request)
{
  CollectReply message = { .state = COLLECT_DONE };
  g_autoptr (GError) error = NULL;

  worker->input = g_ptr_array_index (worker->inputs, (guint) request->input);
  worker->form = request->form;
  worker->frames = worker->skipped = worker->reduced = 0;
  if (!read_any (worker, &error)) {
    const gboolean fatal = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);

    /* all that is in there is of this input */
    if (worker->frames > 1)
      g_clear_object (&worker->accumulator);
    reply_text (worker, fatal ? COLLECT_FATAL : COLLECT_BROKEN, error->message);
    return;
  }
  note_source (worker);
  pixelnorm_accumulator_skip (worker->accumulator, worker->skipped);
  message.frames = worker->frames;
  message.reduced = worker->reduced;
  reply (worker, &message);
}

/* Works until the pool has enough; ends the process. */
void
collect_worker_run (const CollectSettings *settings, GPtrArray *inputs, int socket)
{
  Worker worker = { .settings = settings, .inputs = inputs, .socket = socket };
  CollectRequest request;

  if (settings->form.width > 0)
    worker.scaler = scaler_new (settings->form.width, settings->form.height, settings->scaling);
  reply_text (&worker, COLLECT_READY, "");
  while (recv (socket, &request, sizeof request, 0) == sizeof request) {
    if (request.input >= 0)
      read_input (&worker, &request);
    if (request.hands_over)
      hand_over (&worker);
  }
  _exit (0);
}
