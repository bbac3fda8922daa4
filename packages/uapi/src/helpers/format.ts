/** Helpers over text. */
import type { HelperProto } from "../helper-proto.ts";
import {
  ANY,
  BTF_SEQ_FILE,
  CONST_STR,
  OUT_MEM,
  OUT_MEM_OR_NULL,
  RO_MEM,
  RO_MEM_OR_NULL,
  SIZE,
  SIZE_OR_ZERO,
  UNINIT_MEM_8,
} from "./arg.ts";
import { INTEGER } from "./ret.ts";

/** Printing, formatting, parsing and comparing text. */
export const FORMAT_HELPERS: readonly HelperProto[] = [
  {
    id: 6,
    name: "trace_printk",
    signature: "long bpf_trace_printk(const char *fmt, __u32 fmt_size, ...)",
    args: [RO_MEM, SIZE],
    ret: INTEGER,
    gplOnly: true,
  },
  {
    id: 105,
    name: "strtol",
    signature: "long bpf_strtol(const char *buf, unsigned long buf_len, __u64 flags, long *res)",
    args: [RO_MEM, SIZE, ANY, UNINIT_MEM_8],
    ret: INTEGER,
  },
  {
    id: 106,
    name: "strtoul",
    signature: "long bpf_strtoul(const char *buf, unsigned long buf_len, __u64 flags, unsigned long *res)",
    args: [RO_MEM, SIZE, ANY, UNINIT_MEM_8],
    ret: INTEGER,
  },
  {
    id: 126,
    name: "seq_printf",
    signature:
      "long bpf_seq_printf(struct seq_file *m, const char *fmt, __u32 fmt_size, const void *data, __u32 data_len)",
    args: [BTF_SEQ_FILE, RO_MEM, SIZE, RO_MEM_OR_NULL, SIZE_OR_ZERO],
    ret: INTEGER,
    gplOnly: true,
  },
  {
    id: 127,
    name: "seq_write",
    signature: "long bpf_seq_write(struct seq_file *m, const void *data, __u32 len)",
    args: [BTF_SEQ_FILE, RO_MEM, SIZE_OR_ZERO],
    ret: INTEGER,
    gplOnly: true,
  },
  {
    id: 149,
    name: "snprintf_btf",
    signature: "long bpf_snprintf_btf(char *str, __u32 str_size, struct btf_ptr *ptr, __u32 btf_ptr_size, __u64 flags)",
    args: [OUT_MEM, SIZE, RO_MEM, SIZE, ANY],
    ret: INTEGER,
  },
  {
    id: 150,
    name: "seq_printf_btf",
    signature: "long bpf_seq_printf_btf(struct seq_file *m, struct btf_ptr *ptr, __u32 ptr_size, __u64 flags)",
    args: [BTF_SEQ_FILE, RO_MEM, SIZE_OR_ZERO, ANY],
    ret: INTEGER,
    gplOnly: true,
  },
  {
    id: 165,
    name: "snprintf",
    signature: "long bpf_snprintf(char *str, __u32 str_size, const char *fmt, __u64 *data, __u32 data_len)",
    args: [OUT_MEM_OR_NULL, SIZE_OR_ZERO, CONST_STR, RO_MEM_OR_NULL, SIZE_OR_ZERO],
    ret: INTEGER,
    gplOnly: true,
  },
  {
    id: 177,
    name: "trace_vprintk",
    signature: "long bpf_trace_vprintk(const char *fmt, __u32 fmt_size, const void *data, __u32 data_len)",
    args: [RO_MEM, SIZE, RO_MEM_OR_NULL, SIZE_OR_ZERO],
    ret: INTEGER,
    gplOnly: true,
  },
  {
    id: 182,
    name: "strncmp",
    signature: "long bpf_strncmp(const char *s1, __u32 s1_sz, const char *s2)",
    args: [RO_MEM, SIZE, CONST_STR],
    ret: INTEGER,
  },
];
