/* SPDX-License-Identifier: MIT */
/* The state of the write policy: which (process, descriptor) pairs may be written to. Two layouts, because it was upgraded. */
#ifndef BPF_TS_ALLOW_WRITES_H
#define BPF_TS_ALLOW_WRITES_H

#define EPERM 1
#define MAX_OPEN_FILES 16

struct allow_key__old {
	__u32 pid;
	__s32 fd;
};

struct allow_key__new {
	__s32 fd;
	__u32 pid;
};

struct allow_value {
	bool do_allow;
};

#endif
