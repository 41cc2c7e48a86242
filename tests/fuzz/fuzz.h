/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the fuzzers share. Each is a file with LLVMFuzzerTestOneInput(): libFuzzer calls it with inputs
 * that it makes up (tests/fuzz/run), and replay.c with the seeds (every run of the tests).
 *
 * They may reach behind the public API. An expectation that does not hold ends the process
 * (g_assert), which the caller takes for a finding, as it does a report of a sanitizer.
 */
#pragma once

#include "profile/profile-format.h"

#include <stddef.h>
#include <stdint.h>

/* Begins the names of libFuzzer's own functions. */
int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate (uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator (uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* Length word, JSON and padding; 0 where the length word cannot be right. */
size_t fuzz_header_size (const uint8_t *data, size_t size);

/* A refusal must be one error of this code, in words that can be printed. Frees it. */
void fuzz_check_refusal (GError *error);

/* Asks a profile for all that can be derived from it, and looks whether that can be. */
void fuzz_exercise_profile (PixelnormProfile *profile);
