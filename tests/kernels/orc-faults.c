/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What Orc gets wrong, in the fewest instructions that show it. Each program runs on the same number in every lane, in the code
 * that Orc makes for this processor. A line says what was found, and what was expected, which is IEEE 754 arithmetic.
 * It needs nothing but Orc:
 *
 *     cc orc-faults.c -o orc-faults $(pkg-config --cflags --libs orc-0.4) && ./orc-faults
 *
 * It ends with status 1 where a version of Orc that the FAULT TABLE was tried with does something else than the table says. Of
 * other versions it only prints what they do.
 */
#ifdef __x86_64__
#include <cpuid.h>
#endif
#include <inttypes.h>
#include <orc/orc.h>
#include <orc/orcparse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_LANES 64
#define N_SOURCES 8
#define NEWEST 44 /* of Orc 0.4 */

typedef enum { RIGHT, WRONG, NO_CODE, REGISTERS, UPPER_HALVES } Outcome;

static const char *const outcomes[] = { "right", "wrong numbers",
  "no code, so the slow backup runs", "registers of the caller are lost",
  "ends without vzeroupper (XGETBV: upper halves of vectors are in use)" };

typedef struct {
  const char *name, *text;
  uint32_t a, b, expected; /* bits of a lane: two sources, and the result */
} Program;

static const Program programs[] = {
  { "compare", ".dest 4 d\n.source 4 a float\ncmpeqf d, a, a\n", 0x3f800000, 0, 0xffffffff },
  { "root", ".dest 4 d float\n.source 4 a float\nsqrtf d, a\n", 0x4111999a, 0, 0x40411050 },
  { "quotient", ".dest 4 d float\n.source 4 a float\n.source 4 b float\ndivf d, a, b\n", 0x40c33333,
      0x40e00000, 0x3f5f15f1 },
  { "shift", ".dest 4 d\n.source 4 a\nshrul d, a, 0\n", 5, 0, 5 },
  { "sum",
      ".dest 4 d float\n.source 4 a float\n.temp 4 e float\n"
      "addf e, a, 0x3f800000\naddf e, e, 0x3f810000\naddf e, e, 0x3f820000\naddf e, e, 0x3f830000\n"
      "addf e, e, 0x3f840000\naddf e, e, 0x3f850000\naddf e, e, 0x3f860000\naddf d, e, 0x3f880000\n",
      0x40c33333, 0, 0x4165399a },
  { "nine-arrays",
      ".dest 4 d\n.source 4 s1\n.source 4 s2\n.source 4 s3\n.source 4 s4\n.source 4 s5\n.source 4 s6\n"
      ".source 4 s7\n.source 4 s8\n.temp 4 e\naddl e, s1, s2\naddl e, e, s3\naddl e, e, s4\n"
      "addl e, e, s5\naddl e, e, s6\naddl e, e, s7\naddl d, e, s8\n",
      5, 7, 5 + 7 * 7 },
  { "add", ".dest 4 d\n.source 4 a\n.source 4 b\naddl d, a, b\n", 5, 7, 12 },
};

/* FAULT TABLE: program ("": every one), the beginning of the target's name, the first and the last version 0.4.x, what
 * happens. The first row that fits counts; where none does, all is right. */
static const struct {
  const char *program, *target;
  int first, last;
  Outcome outcome;
} faults[] = {
  { "compare", "neon", 32, NEWEST, WRONG },
  { "root", "neon", 0, 37, WRONG },
  { "root", "neon", 38, NEWEST, NO_CODE },
  { "quotient", "neon", 0, 37, WRONG },
  { "quotient", "neon", 38, NEWEST, NO_CODE },
  { "shift", "neon", 0, 41, WRONG },
  { "sum", "avx", 35, 41, WRONG },
  { "nine-arrays", "sse", 0, NEWEST, REGISTERS },
  { "nine-arrays", "avx", 0, NEWEST, REGISTERS },
  { "", "avx", 0, NEWEST, UPPER_HALVES },
};

static const int tried[] = { 33, 41, 44 }; /* versions that the table was tried with */

/* Programs stay, since on NEON code in reused memory is not always the new one. */
static OrcProgram *volatile all_made[sizeof (programs) / sizeof (programs[0])];

static uint64_t kept[4]; /* r12 to r15 after a call that found them at 12 to 15 */

#ifdef __x86_64__
static uint32_t
vectors_in_use (void)
{
  uint32_t in_use;

  __asm__ volatile("xgetbv" : "=a"(in_use) : "c"(1) : "rdx");
  return in_use & 4; /* the upper halves of AVX's */
}

/* Whether the processor tells that upper halves of vectors are in use, and when they are no longer. */
static int
tells_vectors_in_use (void)
{
  unsigned a = 0, b, c, d;

  if (!__builtin_cpu_supports ("avx") || !__get_cpuid_count (13, 1, &a, &b, &c, &d) || !(a & 4))
    return 0;
  __asm__ volatile("vzeroupper");
  return !vectors_in_use ();
}

/* Calls with marks in r12 to r15, which a function has to leave as they are, and with nothing in the upper halves of vectors. */
static Outcome
call (OrcExecutorFunc code, OrcExecutor *executor)
{
  const int tells = tells_vectors_in_use ();

  __asm__ volatile(
      "mov %%rsp, %%rbx\n sub $128, %%rsp\n and $-16, %%rsp\n"
      "mov $12, %%r12\n mov $13, %%r13\n mov $14, %%r14\n mov $15, %%r15\n"
      "call *%%rax\n mov %%rbx, %%rsp\n"
      "mov %%r12, %0\n mov %%r13, %1\n mov %%r14, %2\n mov %%r15, %3\n"
      : "=m"(kept[0]), "=m"(kept[1]), "=m"(kept[2]), "=m"(kept[3]), "+a"(code), "+D"(executor)
      :
      : "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0",
      "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
      "xmm12", "xmm13", "xmm14", "xmm15", "memory", "cc");
  for (unsigned i = 0; i < 4; i++)
    if (kept[i] != 12 + i)
      return REGISTERS;
  return tells && vectors_in_use () ? UPPER_HALVES : RIGHT;
}
#else
static int
tells_vectors_in_use (void)
{
  return 0;
}

static Outcome
call (OrcExecutorFunc code, OrcExecutor *executor)
{
  code (executor);
  return RIGHT;
}
#endif

/* Returns: what the code does; found is the first wrong lane, or the last one. */
static Outcome
run (const Program *program, OrcProgram *made, uint32_t *found)
{
  static uint32_t sources[N_SOURCES][N_LANES], result[N_LANES];
  OrcExecutor *executor = orc_executor_new (made);
  unsigned n_wrong = 0;

  orc_executor_set_n (executor, N_LANES);
  orc_executor_set_array (executor, ORC_VAR_D1, result);
  for (int s = 0; s < N_SOURCES; s++) {
    for (int i = 0; i < N_LANES; i++)
      sources[s][i] = s == 0 ? program->a : program->b;
    orc_executor_set_array (executor, ORC_VAR_S1 + s, sources[s]);
  }
  const Outcome outcome = call ((OrcExecutorFunc) made->code_exec, executor);
  for (int i = N_LANES - 1; i >= 0; i--)
    if (result[i] != program->expected || (n_wrong == 0 && i == N_LANES - 1)) {
      *found = result[i];
      n_wrong += result[i] != program->expected;
    }
  orc_executor_free (executor);
  return n_wrong > 0 ? WRONG : outcome;
}

static int
was_tried (int version)
{
  for (size_t i = 0; i < sizeof (tried) / sizeof (tried[0]); i++)
    if (tried[i] == version)
      return 1;
  return 0;
}

static Outcome
expected_outcome (const char *program, const char *target, int version)
{
  for (size_t i = 0; i < sizeof (faults) / sizeof (faults[0]); i++)
    if ((faults[i].program[0] == '\0' || strcmp (faults[i].program, program) == 0)
        && strncmp (faults[i].target, target, strlen (faults[i].target)) == 0
        && version >= faults[i].first && version <= faults[i].last)
      return faults[i].outcome;
  return RIGHT;
}

/* Returns: whether it is as the FAULT TABLE says. */
static int
try_program (const Program *program, const char *target, int version)
{
  char text[1024];
  OrcProgram **made;
  Outcome outcome = NO_CODE;
  uint32_t found = 0;

  snprintf (text, sizeof (text), ".function %s\n%s", program->name, program->text);
  if (orc_parse (text, &made) != 1) {
    printf ("Orc does not read the program %s\n", program->name);
    return 0;
  }
  if (ORC_COMPILE_RESULT_IS_SUCCESSFUL (orc_program_compile (made[0])))
    outcome = run (program, made[0], &found);
  printf ("%-12s %s", program->name, outcomes[outcome]);
  if (outcome == WRONG)
    printf (": of %08" PRIx32 " and %08" PRIx32 " %08" PRIx32 ", expected %08" PRIx32, program->a,
        program->b, found, program->expected);
  if (outcome == REGISTERS)
    printf (": r12 to r15 are %" PRIx64 " %" PRIx64 " %" PRIx64 " %" PRIx64 ", expected c d e f",
        kept[0], kept[1], kept[2], kept[3]);
  const Outcome expected = expected_outcome (program->name, target, version);
  const int as_said = outcome == expected || !was_tried (version)
      || (expected == UPPER_HALVES && outcome == RIGHT && !tells_vectors_in_use ());
  printf ("%s%s\n", as_said ? "" : "; the table says: ", as_said ? "" : outcomes[expected]);
  all_made[program - programs] = made[0];
  free (made); /* the array */
  return as_said;
}

int
main (void)
{
  orc_init ();
  OrcTarget *found = orc_target_get_default ();
  const char *target = found ? orc_target_get_name (found) : "no target, so only backups run";
  const char *patch = strrchr (orc_version_string (), '.');
  const int version = patch ? atoi (patch + 1) : 0;
  int as_said = 1;

  printf ("Orc %s, %s\n", orc_version_string (), target);
  if (!found)
    return 77; /* skipped */
  for (size_t i = 0; i < sizeof (programs) / sizeof (programs[0]); i++)
    as_said &= try_program (&programs[i], target, version);
  return as_said ? 0 : 1;
}
