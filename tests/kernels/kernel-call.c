/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A compiler saves the registers that it uses itself, which would hide that a kernel spoilt them: so
 * the call is made in assembly, with known values in all that a callee must keep. Orc has broken that
 * rule before. Kernels also leave the state of floating point as they like; it is put back.
 */
#include "kernel-call.h"

#include <fenv.h>

#if defined(__x86_64__)

/* How many of rbx, rbp, r12 to r15 changed. Six arguments travel in registers, four on the stack, which
 * is aligned to 16 bytes at the call. */
guint call_with_known_registers (void (*kernel) (void), const guint64 *arguments);

__asm__(".text\n"
        ".type call_with_known_registers, @function\n"
        "call_with_known_registers:\n"
        "  push %rbx\n  push %rbp\n  push %r12\n  push %r13\n  push %r14\n  push %r15\n"
        "  sub $8, %rsp\n"
        "  mov %rdi, %rax\n"
        "  mov %rsi, %r10\n"
        "  push 72(%r10)\n  push 64(%r10)\n  push 56(%r10)\n  push 48(%r10)\n"
        "  mov (%r10), %rdi\n  mov 8(%r10), %rsi\n  mov 16(%r10), %rdx\n"
        "  mov 24(%r10), %rcx\n  mov 32(%r10), %r8\n  mov 40(%r10), %r9\n"
        "  mov $0x11111111, %rbx\n  mov $0x22222222, %rbp\n  mov $0x33333333, %r12\n"
        "  mov $0x44444444, %r13\n  mov $0x55555555, %r14\n  mov $0x66666666, %r15\n"
        "  call *%rax\n"
        "  add $40, %rsp\n"
        "  xor %eax, %eax\n  xor %edx, %edx\n"
        "  cmp $0x11111111, %rbx\n  setne %dl\n  add %edx, %eax\n"
        "  cmp $0x22222222, %rbp\n  setne %dl\n  add %edx, %eax\n"
        "  cmp $0x33333333, %r12\n  setne %dl\n  add %edx, %eax\n"
        "  cmp $0x44444444, %r13\n  setne %dl\n  add %edx, %eax\n"
        "  cmp $0x55555555, %r14\n  setne %dl\n  add %edx, %eax\n"
        "  cmp $0x66666666, %r15\n  setne %dl\n  add %edx, %eax\n"
        "  pop %r15\n  pop %r14\n  pop %r13\n  pop %r12\n  pop %rbp\n  pop %rbx\n"
        "  ret\n"
        ".size call_with_known_registers, . - call_with_known_registers\n"
        ".section .note.GNU-stack, \"\", @progbits\n"
        ".text\n");

#endif

void
kernel_call (const KernelCall *call, const char *name)
{
  fenv_t state;

  fegetenv (&state);
#if defined(__x86_64__)
  const guint n_changed = call_with_known_registers (call->kernel, call->arguments);
#else
  const guint n_changed = 0;
  kernel_call_unchecked (call);
#endif
  fesetenv (&state);
  if (n_changed)
    g_error ("%s changed %u registers that belong to its caller", name, n_changed);
}
