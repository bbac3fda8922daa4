/* SPDX-License-Identifier: MIT */
/* What BPF programs of this folder share. The helpers themselves are in bpf_helper_defs.h, which is generated. */
#ifndef BPF_TS_HELPERS_H
#define BPF_TS_HELPERS_H

#include "bpf_helper_defs.h"

#define SEC(name) __attribute__((section(name), used))
#define LICENSE(text) char _license[] SEC("license") = text

#define __always_inline inline __attribute__((always_inline))
#define __noinline __attribute__((noinline))
#define __weak __attribute__((weak))
#define __hidden __attribute__((visibility("hidden")))

/* BTF-defined maps: a number is encoded as an array's length, a type as a pointer's target. */
#define __uint(name, val) int(*name)[val]
#define __type(name, val) typeof(val) *name
#define __array(name, val) typeof(val) *name[]

/* Legacy maps: five words in section "maps". */
struct bpf_map_def {
	unsigned int type;
	unsigned int key_size;
	unsigned int value_size;
	unsigned int max_entries;
	unsigned int map_flags;
};

/* The n-th 64-bit argument of a tracing program's context. */
#define TRACE_ARG(ctx, n, type) ((type)((unsigned long long *)(ctx))[n])

/* System calls take one pointer to the caller's registers; these are the x86-64 names. */
#define SYSCALL_ARG1(regs) ((regs)->di)
#define SYSCALL_ARG2(regs) ((regs)->si)
#define SYSCALL_ARG3(regs) ((regs)->dx)
#define RETURN_VALUE(regs) ((regs)->ax)

#endif
