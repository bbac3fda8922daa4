/* SPDX-License-Identifier: MIT */
/* Who wrote an entry: the key says it. */
#ifndef BPF_TS_ACCESS_LOC_H
#define BPF_TS_ACCESS_LOC_H

enum access_loc {
	ACCESS_LOC_APP = 0,
	ACCESS_LOC_TRACE_UPDATE = 1,
	ACCESS_LOC_TRACE_DELETE = 2,
	ACCESS_LOC_MAX = 3,
};

#endif
