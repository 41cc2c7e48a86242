# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the scripts here and tests/run share: install what is missing, build, and set the environment. Sourced, not run:
#
#   . pipelines/setup.sh
#   pixelnorm_install "$PIXELNORM_BUILD_PACKAGES $PIXELNORM_RUN_PACKAGES" && pixelnorm_build build/release && pixelnorm_env build/release
#
# Sets no shell options. Functions return non-zero when they fail, after one sentence on standard error that says why.

# the directory that holds meson.build, from bash or zsh
PIXELNORM_SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]:-$0}")/.." && pwd -P)

# shellcheck disable=SC2034 # the lists are for those who source this
PIXELNORM_BUILD_PACKAGES="meson ninja-build pkgconf gcc libc6-dev libglib2.0-dev libglib2.0-dev-bin libgstreamer1.0-dev \
libgstreamer-plugins-base1.0-dev liborc-0.4-dev liborc-0.4-dev-bin libjansson-dev libxxhash-dev libpng-dev libjpeg-dev \
libwebp-dev libexif-dev libcairo2-dev gobject-introspection libgirepository1.0-dev"
# shellcheck disable=SC2034
PIXELNORM_RUN_PACKAGES="gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-base-apps \
gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly gstreamer1.0-libav"
# for docs/experiment: what it needs (500 MB), and what only some of its sets of images need
# shellcheck disable=SC2034
PIXELNORM_EXPERIMENT_PACKAGES="python3-torch python3-scipy python3-matplotlib python3-numpy python3-pil python3-gi \
python3-gst-1.0 gir1.2-gstreamer-1.0 gir1.2-gst-plugins-base-1.0"
# shellcheck disable=SC2034
PIXELNORM_EXPERIMENT_IMAGES="python3-opencv"

pixelnorm_say () {
  printf '%s\n' "$*" >&2
}

# pixelnorm_missing PACKAGES...: prints those that are not installed, on one line
pixelnorm_missing () {
  local package missing=
  # shellcheck disable=SC2048 # lists in one string are welcome
  for package in $*; do
    case "$(dpkg-query -W -f='${db:Status-Abbrev} ' "$package" 2>/dev/null)" in
      *'ii '*) ;;
      *) missing="$missing $package" ;;
    esac
  done
  printf '%s' "${missing# }"
}

# pixelnorm_apt ARGUMENTS...: apt-get, as root, without questions
pixelnorm_apt () {
  local root=
  if [ "$(id -u)" -ne 0 ] && command -v sudo >/dev/null; then
    root=sudo
  fi
  # $root is empty or one word
  $root env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o DPkg::Lock::Timeout=300 "$@"
}

# pixelnorm_apt_size PACKAGES...: prints how much apt-get would fetch for them; nothing where that is nothing. It lists the files then,
# a line 'ADDRESS' NAME BYTES DIGEST for each, and neither fetches nor installs one.
pixelnorm_apt_size () {
  pixelnorm_apt --print-uris --download-only install --no-install-recommends "$@" 2>/dev/null |
    awk "/^'/ { n++; bytes += \$3 } END { if (n) printf \"%d packages, %.1f MB to fetch. \", n, bytes / 1e6 }"
}

# pixelnorm_install PACKAGES...: installs what is missing of these Debian packages; says nothing when nothing is
pixelnorm_install () {
  local missing log size
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    # another distribution: whoever uses it installs by hand, and then the build says what it does not find
    if command -v meson >/dev/null && command -v gst-launch-1.0 >/dev/null; then
      return 0
    fi
    pixelnorm_say "This is not Debian (there is no apt-get). Install by hand what these Debian packages hold, then run it again: $*"
    return 1
  fi
  missing=$(pixelnorm_missing "$@")
  if [ -z "$missing" ]; then
    return 0
  fi
  pixelnorm_say "Installing with apt-get: $missing"
  log=$(mktemp) || return 1
  pixelnorm_apt update >"$log" 2>&1 || true
  # shellcheck disable=SC2086 # a list
  size=$(pixelnorm_apt_size $missing) || true
  if [ -n "$size" ]; then
    pixelnorm_say "${size}This can take some minutes."
  fi
  # shellcheck disable=SC2086
  if pixelnorm_apt install --no-install-recommends $missing >>"$log" 2>&1; then
    rm -f "$log"
    return 0
  fi
  tail -n 15 "$log" >&2
  rm -f "$log"
  pixelnorm_say "apt-get could not install what is missing (no network, or no right to?). Install by hand, then run it again: apt-get install $missing"
  return 1
}

# pixelnorm_build DIRECTORY [MESON-OPTIONS...]: builds there; an output of meson and ninja is shown only when they fail
pixelnorm_build () {
  local build=$1 log options
  shift
  mkdir -p "$build" || return 1
  build=$(cd "$build" && pwd -P) || return 1
  log=$build/build.log
  options=$(printf '%s\n' "$@")
  if [ ! -e "$build/build.ninja" ] || [ "$options" != "$(cat "$build/build.options" 2>/dev/null)" ]; then
    set -- "$build" "$PIXELNORM_SOURCE" "$@"
    if [ -e "$build/build.ninja" ]; then
      set -- --reconfigure "$@"
    fi
    if ! meson setup "$@" >"$log" 2>&1; then
      cat "$log" >&2
      pixelnorm_say "meson could not set up the build in $build; the lines above say why."
      return 1
    fi
    printf '%s\n' "$options" >"$build/build.options"
  fi
  if ! ninja -C "$build" >"$log" 2>&1; then
    tail -n 60 "$log" >&2
    pixelnorm_say "The build in $build failed; the lines above say why. All of them: $log"
    return 1
  fi
}

# pixelnorm_prepend VARIABLE DIRECTORY: puts it first in a list like PATH, once
pixelnorm_prepend () {
  local list
  eval "list=\${$1-}"
  case ":$list:" in
    ":$2:"*) ;;
    *) export "$1=$2${list:+:$list}" ;;
  esac
}

# pixelnorm_env DIRECTORY: exports what GStreamer, Python and the shell need to find what was built there
pixelnorm_env () {
  local build
  if ! build=$(cd "$1" 2>/dev/null && pwd -P) || [ ! -e "$build/gst/libgstpixelnorm.so" ]; then
    pixelnorm_say "There is no build in $1. Make one: meson setup $1 && ninja -C $1"
    return 1
  fi
  export PIXELNORM_BUILD=$build
  # GStreamer's list of plugins: a private one, so that the user's own never hears of a plugin that may be gone tomorrow
  export GST_REGISTRY=$build/gstreamer-registry.bin
  pixelnorm_prepend GST_PLUGIN_PATH "$build/gst"
  pixelnorm_prepend LD_LIBRARY_PATH "$build/src"
  pixelnorm_prepend GI_TYPELIB_PATH "$build/src"
  pixelnorm_prepend PATH "$build/src/cli"
  # man finds pages in folders of this name; an empty entry stands for its own list
  mkdir -p "$build/man/man1" && ln -sf "$PIXELNORM_SOURCE/docs/man/pixelprofile.1" "$build/man/man1/"
  case ":${MANPATH-}:" in
    *":$build/man:"*) ;;
    *) export MANPATH="$build/man:${MANPATH-}" ;;
  esac
  pixelnorm_prepend PATH "$build/pipelines/apps"
}

# pixelnorm_complete DIRECTORY: the Tab key knows pixelprofile's words, in bash and zsh
pixelnorm_complete () {
  local scripts=$PIXELNORM_SOURCE/src/cli/completion share=$1/share
  if [ -n "${BASH_VERSION:-}" ]; then
    # shellcheck source=/dev/null
    . "$scripts/pixelprofile"
    return
  fi
  # zsh finds functions in folders, and this one finds bash's beside its own
  mkdir -p "$share/zsh/site-functions" "$share/bash-completion/completions" &&
    ln -sf "$scripts/_pixelprofile" "$share/zsh/site-functions/" &&
    ln -sf "$scripts/pixelprofile" "$share/bash-completion/completions/" || return
  # shellcheck disable=SC2206,SC2128 # an array of zsh
  fpath=("$share/zsh/site-functions" $fpath)
  # where compinit has not run yet, it will find the folder
  if command -v compdef >/dev/null; then
    autoload -Uz _pixelprofile && compdef _pixelprofile pixelprofile
  fi
}

# pixelnorm_uri FILE-OR-URI: prints its URI, without a character that gst-launch-1.0 or a quoted word would act upon
pixelnorm_uri () {
  local LC_ALL=C text=$1 safe='A-Za-z0-9._~/:-' i character
  if [ -e "$text" ] || [[ $text != [A-Za-z]*://* ]]; then
    [ "${text:0:1}" = / ] || text=$PWD/$text
    printf 'file://'
  else
    safe=$safe'?#@&=%+,;'
  fi
  for ((i = 0; i < ${#text}; i++)); do
    character=${text:i:1}
    case "$character" in
      [$safe]) printf '%s' "$character" ;;
      *) printf '%%%02X' "$(($(printf '%d' "'$character") & 255))" ;;
    esac
  done
}

# pixelnorm_source FILE-OR-URI ELEMENT...: sets the array source to words of gst-launch-1.0 that play it; where it is empty, ELEMENT...
pixelnorm_source () {
  # shellcheck disable=SC2034 # for the caller
  if [ -z "$1" ]; then
    source=("${@:2}")
  elif [ -e "$1" ] || [[ $1 == [A-Za-z]*://* ]]; then
    source=(uridecodebin3 "uri=$(pixelnorm_uri "$1")")
  else
    pixelnorm_say "There is no file $1."
    return 1
  fi
}

# --- what scripts leave, however they end

pixelnorm_unfinished=()

# pixelnorm_fresh FILES...: that a script will make. Where one is there it returns 1, after a sentence that says which, so that
# nothing is overwritten; else all of them are removed again if the script fails or is stopped.
pixelnorm_fresh () {
  local file
  for file in "$@"; do
    if [ -e "$file" ] || [ -L "$file" ]; then
      pixelnorm_say "$file is there already, and is not overwritten. Remove or rename it, or run this in another directory."
      return 1
    fi
  done
  pixelnorm_unfinished+=("$@")
}

# pixelnorm_keep: what was made so far stays, whatever comes
pixelnorm_keep () {
  pixelnorm_unfinished=()
}

# pixelnorm_run COMMAND...: runs a program so that a signal ends it at once, too
pixelnorm_run () {
  "$@" &
  wait "$!"
}

# pixelnorm_stop PROCESSES...: ends them, and waits until they have
pixelnorm_stop () {
  local process
  for process in "$@"; do
    if [ -n "$process" ] && kill "$process"; then
      wait "$process" || true
    fi
  done 2>/dev/null
}

# pixelnorm_stop_jobs: whatever was started with &. The shell is asked, since a signal may come before $! is noted
pixelnorm_stop_jobs () {
  # shellcheck disable=SC2046 # none, or several
  pixelnorm_stop $(jobs -p)
}

# pixelnorm_on_end COMMAND: called with the exit status when a script ends, or with 1 before it dies of a signal
pixelnorm_on_end () {
  local signal
  # shellcheck disable=SC2064 # what it is now
  for signal in INT TERM HUP; do
    trap "trap - EXIT $signal; $1 1; [ ! -t 2 ] || echo >&2; kill -$signal \$\$" "$signal"
  done
  # shellcheck disable=SC2064
  trap "$1 \$?" EXIT
}

pixelnorm_clean_up () {
  local file
  pixelnorm_stop_jobs
  [ "$1" -ne 0 ] || return 0
  for file in ${pixelnorm_unfinished[@]+"${pixelnorm_unfinished[@]}"}; do
    # and what a program that was killed had begun to write beside it
    rm -f "$file" "$(dirname "$file")/.$(basename "$file")".*.pixelnorm-tmp
  done
}

# pixelnorm_begin MOST ARGUMENTS...: what every script begins with. --help prints the head of the script; an option, an empty
# argument, or more than MOST of them end it in one sentence. Then the environment is set, and what the script has begun is
# cleaned up when it fails or is stopped.
pixelnorm_begin () {
  local most=$1 argument problem=
  shift
  for argument in "$@"; do
    case "$argument" in
      --help | -h)
        sed -n '3,/^[^#]/s/^# \{0,1\}//p' "$0"
        exit 0
        ;;
      -?*) problem="there is no option $argument" ;;
      '') problem="expected a name, found an empty one" ;;
    esac
  done
  if [ $# -gt "$most" ]; then
    problem="expected at most $most arguments, found $#"
  fi
  if [ -n "$problem" ]; then
    pixelnorm_say "$(basename "$0"): $problem. See $0 --help."
    exit 2
  fi
  pixelnorm_on_end pixelnorm_clean_up
  # shellcheck source=/dev/null # it sources this file
  . "$PIXELNORM_SOURCE/pipelines/env"
  # shellcheck disable=SC2317 # scripts call it
  gst-launch-1.0 () {
    pixelnorm_run env gst-launch-1.0 "$@"
  }
}

# pixelnorm_needs ELEMENT WHERE [VERSION]: whether GStreamer has it, of that version or newer; else one sentence that says where it comes from
pixelnorm_needs () {
  gst-inspect-1.0 --exists --atleast-version="${3:-0.0}" "$1" 2>/dev/null && return 0
  pixelnorm_say "The element $1 is not installed: $2."
  return 1
}
