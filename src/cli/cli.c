/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the commands of pixelprofile share. The program's name (g_set_prgname()) is "pixelprofile
 * render" while that command runs, and begins every message, so that it can be told apart in the
 * log of a script.
 */
#include "cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a terminal would act upon: control characters, and those that turn the direction of text. */
static gboolean
is_harmful (gunichar c)
{
  return g_unichar_iscntrl (c) || g_unichar_type (c) == G_UNICODE_FORMAT;
}

/* Replaces what is harmful. Names of files and what a profile says of itself may come from anywhere; they must not
 * move the cursor, change colours or show letters in another order than they have. */
gchar *
cli_clean_text (const gchar *text)
{
  g_autofree gchar *valid = g_utf8_make_valid (text, -1);
  GString *clean = g_string_new (NULL);

  for (const gchar *p = valid; *p; p = g_utf8_next_char (p)) {
    const gunichar c = g_utf8_get_char (p);

    g_string_append_unichar (clean, is_harmful (c) ? 0xfffd : c);
  }
  return g_string_free (clean, FALSE);
}

/* Replaces what may be a password in the URIs of a text, but for those of files: whatever stands before the last @, also where / or
 * @ are not escaped in it, and the query. And what a property of such a name is set to. */
static gchar *
mask_passwords (const gchar *text)
{
  g_autoptr (GRegex) user = g_regex_new ("(?<!file)(://)\\S*@", 0, 0, NULL);
  g_autoptr (GRegex) query =
      g_regex_new ("(?<!file)(://[^\\s?]*\\?)\\S*?(?=[\\W_]*(\\s|$))", 0, 0, NULL);
  /* of an element: rtspsrc has user-pw, rfbsrc password, srtsrc passphrase */
  g_autoptr (GRegex) property = g_regex_new (
      "((?:pw|passw(?:or)?d|passphrase|secret|token)(?:\\s*=\\s*|\" in element \\S+ to ))"
      "(?:\"(?:\\\\.|[^\"\\\\])*\"|'(?:\\\\.|[^'\\\\])*'|(?:\\\\.|[^\\s\\\\])*?(?=[\"'.,;:)]*(?:\\s|$)))",
      G_REGEX_CASELESS, 0, NULL);
  g_autofree gchar *nobody = g_regex_replace (user, text, -1, 0, "\\1***@", 0, NULL);
  g_autofree gchar *asked = g_regex_replace (query, nobody, -1, 0, "\\1***", 0, NULL);

  return g_regex_replace (property, asked, -1, 0, "\\1***", 0, NULL);
}

/* Logs and mails have such lines, so no password is in them. */
static void
complain (const gchar *hint, const gchar *format, va_list arguments)
{
  g_autofree gchar *message = g_strdup_vprintf (format, arguments);
  g_autofree gchar *clean = cli_clean_text (message);
  g_autofree gchar *line = mask_passwords (clean);

  g_printerr ("%s: %s%s\n", g_get_prgname (), line, hint);
}

/* Returns: (transfer full): "1 frame", "2 frames" */
gchar *
cli_count (guint64 n, const gchar *noun)
{
  return g_strdup_printf ("%" G_GUINT64_FORMAT " %s%s", n, noun, n == 1 ? "" : "s");
}

/* Says on standard error what went wrong. Returns: @status */
int
cli_fail (int status, const gchar *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  complain ("", format, arguments);
  va_end (arguments);
  return status;
}

/* Says what is wrong with the command line, and where help is. Returns: CLI_USAGE */
int
cli_fail_usage (const gchar *format, ...)
{
  g_autofree gchar *hint = g_strdup_printf (" See \"%s --help\".", g_get_prgname ());
  va_list arguments;

  va_start (arguments, format);
  complain (hint, format, arguments);
  va_end (arguments);
  return CLI_USAGE;
}

/* Writes what is left of standard output. Returns: CLI_OK, or @status, and it was said why not */
int
cli_flush (int status)
{
  errno = 0;
  if (fflush (stdout) == 0 && !ferror (stdout))
    return CLI_OK;
  const int problem = errno; /* 0: of a write before this one */
  if (problem == EBADF)
    return cli_fail (status, "Standard output was not written: it is closed.");
  return problem
      ? cli_fail (status, "Standard output was not written: %s.", g_strerror (problem))
      : cli_fail (status, "Standard output was not written. Is it closed, or the disk full?");
}

/* Returns: (transfer full): what --help says of a command, and its options */
GOptionContext *
cli_context_new (const gchar *parameters, const gchar *summary, const gchar *description,
    const GOptionEntry *entries)
{
  GOptionContext *context = g_option_context_new (parameters);

  g_option_context_set_summary (context, summary);
  g_option_context_set_description (context, description);
  g_option_context_add_main_entries (context, entries, NULL);
  return context;
}

/* Returns: (nullable): the first word that gives a value to an option without one. GLib takes --force=no for --force. */
static const char *
find_idle_value (const GOptionEntry *entries, char **words)
{
  for (; *words && strcmp (*words, "--") != 0; words++) {
    const char *end = g_str_has_prefix (*words, "--") ? strchr (*words, '=') : NULL;

    for (const GOptionEntry *entry = entries; end && entry->long_name; entry++)
      if (entry->arg == G_OPTION_ARG_NONE && strlen (entry->long_name) == (gsize) (end - *words - 2)
          && g_str_has_prefix (*words + 2, entry->long_name))
        return *words;
  }
  return NULL;
}

/* @entries: those of the options without a value, at least. Returns: whether the options were good; where they were not, it
 * was said */
gboolean
cli_parse (GOptionContext *context, const GOptionEntry *entries, int *argc, char ***argv)
{
  g_autoptr (GError) error = NULL;
  const char *idle = find_idle_value (entries, *argv + 1);

  if (idle) {
    cli_fail_usage ("Expected %.*s without a value, found \"%s\".",
        (int) (strchr (idle, '=') - idle), idle, idle);
    return FALSE;
  }
  if (g_option_context_parse (context, argc, argv, &error))
    return TRUE;
  /* GLib ends its messages without a full stop */
  cli_fail_usage ("%s.", error->message);
  return FALSE;
}

/* What can be known of a file to write before anything is computed. Returns: whether it may be written; else it was said why
 */
static gboolean
check_place (const gchar *target, gboolean force)
{
  g_autofree gchar *directory = g_path_get_dirname (target);

  if (!g_file_test (directory, G_FILE_TEST_IS_DIR))
    cli_fail (CLI_FAILED, "\"%s\" cannot be written: there is no directory \"%s\". Make it first.",
        target, directory);
  else if (g_file_test (target, G_FILE_TEST_IS_DIR))
    cli_fail (CLI_FAILED,
        "\"%s\" cannot be written: it is a directory. Move it, or choose another name.", target);
  else if (g_file_test (target, G_FILE_TEST_EXISTS)
      && !g_file_test (target, G_FILE_TEST_IS_REGULAR))
    cli_fail (CLI_FAILED,
        "\"%s\" cannot be written: it is not a regular file. Choose another name.", target);
  else if (!force
      && (g_file_test (target, G_FILE_TEST_EXISTS) || g_file_test (target, G_FILE_TEST_IS_SYMLINK)))
    cli_fail (CLI_FAILED,
        "\"%s\" is there already. Overwrite it with --force, or choose another name.", target);
  else
    return TRUE;
  return FALSE;
}

/* Of a picture or a text: not even --force overwrites a profile with one. Returns: CLI_OK, or CLI_FAILED, and it was said
 * why */
int
cli_check_target (const gchar *target, gboolean force)
{
  g_autofree gchar *etag = NULL;

  if (!check_place (target, force))
    return CLI_FAILED;
  if (pixelnorm_profile_query_etag (target, &etag, NULL) && etag && *etag)
    return cli_fail (CLI_FAILED,
        "\"%s\" is a profile, which only a profile may overwrite. Choose another name.", target);
  return CLI_OK;
}

/* Of a profile: --force overwrites nothing else. Returns: CLI_OK, or CLI_FAILED, and it was said why */
int
cli_check_profile_target (const gchar *target, gboolean force)
{
  g_autoptr (GError) error = NULL;

  if (!check_place (target, force))
    return CLI_FAILED;
  if (!pixelnorm_profile_check_path (target, &error))
    return cli_fail (CLI_FAILED, "%s", error->message);
  return CLI_OK;
}

/* Writes all of it or nothing: a temporary file in the same directory is renamed to @path, or to what @path is a link to.
 * Returns: FALSE with PIXELNORM_ERROR_WRITE */
gboolean
cli_write_file (const gchar *path, GBytes *bytes, GError **error)
{
  g_autofree gchar *linked = realpath (path, NULL);
  g_autoptr (GError) problem = NULL;
  gsize size;
  const gchar *data = g_bytes_get_data (bytes, &size);

  if (g_file_set_contents_full (linked ? linked : path, data, (gssize) size,
          G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0666, &problem))
    return TRUE;
  /* what the system says; before it stands the name of the temporary file */
  const gchar *reason = g_strrstr (problem->message, ": ");
  g_set_error (error, PIXELNORM_ERROR, PIXELNORM_ERROR_WRITE,
      "\"%s\" was not written: %s. Make room there, or choose another place.", path,
      reason ? reason + 2 : problem->message);
  return FALSE;
}

/* Where another program wrote there meanwhile, that stays without @force. */
gboolean
cli_save_profile (PixelnormProfile *profile, const gchar *target, gboolean force, GError **error)
{
  return force ? pixelnorm_profile_save (profile, target, error)
               : pixelnorm_profile_replace (profile, target, NULL, NULL, error);
}

/* Returns: (nullable): why the deviation of single pixels means nothing, and what to do */
const gchar *
cli_find_too_few (PixelnormProfile *profile)
{
  if (pixelnorm_profile_get_scope (profile) == PIXELNORM_SCOPE_CHANNEL
      || pixelnorm_profile_get_frames (profile) > 1)
    return NULL;
  return "With 1 frame the deviation of every pixel is 0. Collect more frames, or normalize with "
         "scope=channel.";
}
