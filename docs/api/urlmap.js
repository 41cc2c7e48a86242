// SPDX-License-Identifier: LGPL-2.1-or-later
// where the pages of the libraries are that ours name
baseURLs = [
  ['GLib', 'https://docs.gtk.org/glib/'],
  ['GObject', 'https://docs.gtk.org/gobject/'],
  ['Gio', 'https://docs.gtk.org/gio/'],
]
