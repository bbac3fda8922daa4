#!/usr/bin/env node
/**
 * Writes src/generated/, or another folder, from a kernel's BTF:
 *
 *   node scripts/generate.mjs /sys/kernel/btf/vmlinux [FOLDER]
 *
 * The numbers come from the enums of that BTF. The kernel's macros leave no trace in BTF: those are the literal tables below, each headed
 * by the header of Linux 6.18 that defines it. Run it on 6.18: the committed files claim that version.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readBtfEnums } from "./btf-enums.mjs";

const input = process.argv[2];
if (input === undefined) {
  console.error("usage: generate.mjs BTF-FILE [FOLDER]");
  process.exit(2);
}
const enums = readBtfEnums(readFileSync(input));
const target = process.argv[3] ?? fileURLToPath(new URL("../src/generated/", import.meta.url));
mkdirSync(target, { recursive: true });

/** include/uapi/asm-generic/errno-base.h and errno.h (x86-64 uses both unchanged), then include/linux/errno.h. */
const ERRNO = `
EPERM 1 Operation not permitted
ENOENT 2 No such file or directory
ESRCH 3 No such process
EINTR 4 Interrupted system call
EIO 5 Input/output error
ENXIO 6 No such device or address
E2BIG 7 Argument list too long
ENOEXEC 8 Exec format error
EBADF 9 Bad file descriptor
ECHILD 10 No child processes
EAGAIN 11 Resource temporarily unavailable
ENOMEM 12 Cannot allocate memory
EACCES 13 Permission denied
EFAULT 14 Bad address
ENOTBLK 15 Block device required
EBUSY 16 Device or resource busy
EEXIST 17 File exists
EXDEV 18 Invalid cross-device link
ENODEV 19 No such device
ENOTDIR 20 Not a directory
EISDIR 21 Is a directory
EINVAL 22 Invalid argument
ENFILE 23 Too many open files in system
EMFILE 24 Too many open files
ENOTTY 25 Inappropriate ioctl for device
ETXTBSY 26 Text file busy
EFBIG 27 File too large
ENOSPC 28 No space left on device
ESPIPE 29 Illegal seek
EROFS 30 Read-only file system
EMLINK 31 Too many links
EPIPE 32 Broken pipe
EDOM 33 Numerical argument out of domain
ERANGE 34 Numerical result out of range
EDEADLK 35 Resource deadlock avoided
ENAMETOOLONG 36 File name too long
ENOLCK 37 No locks available
ENOSYS 38 Function not implemented
ENOTEMPTY 39 Directory not empty
ELOOP 40 Too many levels of symbolic links
ENOMSG 42 No message of desired type
EIDRM 43 Identifier removed
ECHRNG 44 Channel number out of range
EL2NSYNC 45 Level 2 not synchronized
EL3HLT 46 Level 3 halted
EL3RST 47 Level 3 reset
ELNRNG 48 Link number out of range
EUNATCH 49 Protocol driver not attached
ENOCSI 50 No CSI structure available
EL2HLT 51 Level 2 halted
EBADE 52 Invalid exchange
EBADR 53 Invalid request descriptor
EXFULL 54 Exchange full
ENOANO 55 No anode
EBADRQC 56 Invalid request code
EBADSLT 57 Invalid slot
EBFONT 59 Bad font file format
ENOSTR 60 Device not a stream
ENODATA 61 No data available
ETIME 62 Timer expired
ENOSR 63 Out of streams resources
ENONET 64 Machine is not on the network
ENOPKG 65 Package not installed
EREMOTE 66 Object is remote
ENOLINK 67 Link has been severed
EADV 68 Advertise error
ESRMNT 69 Srmount error
ECOMM 70 Communication error on send
EPROTO 71 Protocol error
EMULTIHOP 72 Multihop attempted
EDOTDOT 73 RFS specific error
EBADMSG 74 Bad message
EOVERFLOW 75 Value too large for defined data type
ENOTUNIQ 76 Name not unique on network
EBADFD 77 File descriptor in bad state
EREMCHG 78 Remote address changed
ELIBACC 79 Can not access a needed shared library
ELIBBAD 80 Accessing a corrupted shared library
ELIBSCN 81 .lib section in a.out corrupted
ELIBMAX 82 Attempting to link in too many shared libraries
ELIBEXEC 83 Cannot exec a shared library directly
EILSEQ 84 Invalid or incomplete multibyte or wide character
ERESTART 85 Interrupted system call should be restarted
ESTRPIPE 86 Streams pipe error
EUSERS 87 Too many users
ENOTSOCK 88 Socket operation on non-socket
EDESTADDRREQ 89 Destination address required
EMSGSIZE 90 Message too long
EPROTOTYPE 91 Protocol wrong type for socket
ENOPROTOOPT 92 Protocol not available
EPROTONOSUPPORT 93 Protocol not supported
ESOCKTNOSUPPORT 94 Socket type not supported
EOPNOTSUPP 95 Operation not supported
EPFNOSUPPORT 96 Protocol family not supported
EAFNOSUPPORT 97 Address family not supported by protocol
EADDRINUSE 98 Address already in use
EADDRNOTAVAIL 99 Cannot assign requested address
ENETDOWN 100 Network is down
ENETUNREACH 101 Network is unreachable
ENETRESET 102 Network dropped connection on reset
ECONNABORTED 103 Software caused connection abort
ECONNRESET 104 Connection reset by peer
ENOBUFS 105 No buffer space available
EISCONN 106 Transport endpoint is already connected
ENOTCONN 107 Transport endpoint is not connected
ESHUTDOWN 108 Cannot send after transport endpoint shutdown
ETOOMANYREFS 109 Too many references: cannot splice
ETIMEDOUT 110 Connection timed out
ECONNREFUSED 111 Connection refused
EHOSTDOWN 112 Host is down
EHOSTUNREACH 113 No route to host
EALREADY 114 Operation already in progress
EINPROGRESS 115 Operation now in progress
ESTALE 116 Stale file handle
EUCLEAN 117 Structure needs cleaning
ENOTNAM 118 Not a XENIX named type file
ENAVAIL 119 No XENIX semaphores available
EISNAM 120 Is a named type file
EREMOTEIO 121 Remote I/O error
EDQUOT 122 Disk quota exceeded
ENOMEDIUM 123 No medium found
EMEDIUMTYPE 124 Wrong medium type
ECANCELED 125 Operation canceled
ENOKEY 126 Required key not available
EKEYEXPIRED 127 Key has expired
EKEYREVOKED 128 Key has been revoked
EKEYREJECTED 129 Key was rejected by service
EOWNERDEAD 130 Owner died
ENOTRECOVERABLE 131 State not recoverable
ERFKILL 132 Operation not possible due to RF-kill
EHWPOISON 133 Memory page has hardware error
ERESTARTSYS 512 Restart the system call after the signal
EPROBE_DEFER 517 Driver asks to probe again later
ENOTSUPP 524 Operation is not supported (inside the kernel)
`;

/** A second name for a number of the list above. */
const ERRNO_ALIASES = { EWOULDBLOCK: "EAGAIN", EDEADLOCK: "EDEADLK" };

/** include/uapi/linux/bpf.h, flags of BPF_PROG_LOAD. */
const LOAD_FLAGS = {
  BPF_F_STRICT_ALIGNMENT: 1,
  BPF_F_ANY_ALIGNMENT: 2,
  BPF_F_TEST_RND_HI32: 4,
  BPF_F_TEST_STATE_FREQ: 8,
  BPF_F_SLEEPABLE: 16,
  BPF_F_XDP_HAS_FRAGS: 32,
  BPF_F_XDP_DEV_BOUND_ONLY: 64,
  BPF_F_TEST_REG_INVARIANTS: 128,
};

/** include/uapi/linux/bpf.h, flags of attaching, of BPF_PROG_TEST_RUN and of BPF_PROG_QUERY. */
const ATTACH_FLAGS = {
  BPF_F_ALLOW_OVERRIDE: 1,
  BPF_F_ALLOW_MULTI: 2,
  BPF_F_REPLACE: 4,
  BPF_F_BEFORE: 8,
  BPF_F_AFTER: 16,
  BPF_F_ID: 32,
  BPF_F_PREORDER: 64,
  BPF_F_NETFILTER_IP_DEFRAG: 1,
  BPF_F_QUERY_EFFECTIVE: 1,
  BPF_F_TEST_RUN_ON_CPU: 1,
  BPF_F_TEST_XDP_LIVE_FRAMES: 2,
  BPF_F_TEST_SKB_CHECKSUM_COMPLETE: 4,
};

/** include/uapi/linux/bpf.h, values of src_reg in ld_imm64 and call, and lengths. */
const PSEUDO = {
  BPF_PSEUDO_MAP_FD: 1,
  BPF_PSEUDO_MAP_VALUE: 2,
  BPF_PSEUDO_BTF_ID: 3,
  BPF_PSEUDO_FUNC: 4,
  BPF_PSEUDO_MAP_IDX: 5,
  BPF_PSEUDO_MAP_IDX_VALUE: 6,
  BPF_PSEUDO_CALL: 1,
  BPF_PSEUDO_KFUNC_CALL: 2,
};

/** include/uapi/linux/bpf.h, accesses and kinds of devices: enums that the kernel's BTF does not have. */
const DEVICE_CGROUP = {
  BPF_DEVCG_ACC_MKNOD: 1,
  BPF_DEVCG_ACC_READ: 2,
  BPF_DEVCG_ACC_WRITE: 4,
  BPF_DEVCG_DEV_BLOCK: 1,
  BPF_DEVCG_DEV_CHAR: 2,
};

/** include/uapi/linux/bpf.h, lengths in bytes; that of a name counts its terminating 0. */
const LENGTHS = { BPF_OBJ_NAME_LEN: 16, BPF_TAG_SIZE: 8, BPF_BUILD_ID_SIZE: 20 };

const NOTICE = "// Generated by scripts/generate.mjs from Linux 6.18's BTF. Do not edit.\n";
const PLAIN = "// Generated by scripts/generate.mjs. Do not edit.\n";

function enumNamed(name) {
  const found = enums.find((e) => e.name === name);
  if (found === undefined) throw new Error(`no enum ${name} in ${input}`);
  return found.members.filter(([member]) => !member.startsWith("__"));
}

/** The anonymous enum that has this member. */
function enumWith(member) {
  const found = enums.find((e) => e.members.some(([name]) => name === member));
  if (found === undefined) throw new Error(`no enum has ${member} in ${input}`);
  return found.members.filter(([name]) => !name.startsWith("__"));
}

function constant(name, value, doc) {
  if (typeof value === "bigint" && (value > 0x1fffffffffffffn || value < -0x1fffffffffffffn)) {
    throw new Error(`${name} does not fit a number`);
  }
  return `${doc === undefined ? "" : `/** ${doc} */\n`}export const ${name} = ${value};\n`;
}

function write(file, summary, body, notice = NOTICE) {
  writeFileSync(
    join(target, `${file}.ts`),
    `${notice}/**\n${summary.map((line) => ` * ${line}`.trimEnd()).join("\n")}\n */\n\n${body}`,
  );
}

function constants(members) {
  return members.map(([name, value]) => constant(name, value)).join("");
}

/** `MAX` of an enum whose last member the kernel names `__MAX_…`. */
function limit(enumName, member, exported) {
  const value = enums.find((e) => e.name === enumName).members.find(([name]) => name === member)[1];
  return constant(exported, value, `One more than the highest number of \`enum ${enumName}\`.`);
}

/** An array of names, indexed by value; the first name of a value wins, except where the enum calls it deprecated. */
function nameTable(exported, members, prefix, doc) {
  const names = [];
  for (const [name, value] of members) {
    if (name.endsWith("_DEPRECATED")) continue;
    names[Number(value)] ??= name.slice(prefix.length).toLowerCase();
  }
  const rows = Array.from(names, (name) => JSON.stringify(name ?? ""));
  return `/** ${doc} */\nexport const ${exported}: readonly string[] = [\n${rows.map((r) => `  ${r},\n`).join("")}];\n`;
}

const UAPI = "@see v6.18 include/uapi/linux/bpf.h";

const progTypes = enumNamed("bpf_prog_type");
write(
  "prog-types",
  ["Program types: `enum bpf_prog_type`.", "", UAPI],
  constants(progTypes) + limit("bpf_prog_type", "__MAX_BPF_PROG_TYPE", "MAX_BPF_PROG_TYPE"),
);

const attachTypes = enumNamed("bpf_attach_type");
write(
  "attach-types",
  ["Attach types: `enum bpf_attach_type`.", "", UAPI],
  constants(attachTypes) + limit("bpf_attach_type", "__MAX_BPF_ATTACH_TYPE", "MAX_BPF_ATTACH_TYPE"),
);

const mapTypes = enumNamed("bpf_map_type");
write(
  "map-types",
  ["Map types: `enum bpf_map_type`.", "", UAPI],
  constants(mapTypes) + limit("bpf_map_type", "__MAX_BPF_MAP_TYPE", "MAX_BPF_MAP_TYPE"),
);

const linkTypes = enumNamed("bpf_link_type");
write(
  "link-types",
  ["Link types: `enum bpf_link_type`.", "", UAPI],
  constants(linkTypes) + limit("bpf_link_type", "__MAX_BPF_LINK_TYPE", "MAX_BPF_LINK_TYPE"),
);

const commands = enumNamed("bpf_cmd");
write(
  "commands",
  ["Commands of bpf(2): `enum bpf_cmd`.", "", UAPI],
  constants(commands) + limit("bpf_cmd", "__MAX_BPF_CMD", "MAX_BPF_CMD"),
);

const helperIds = enumNamed("bpf_func_id");
write(
  "helper-ids",
  ["Helper numbers, the imm of a call with src_reg 0: `enum bpf_func_id`.", "", UAPI],
  constants(helperIds) + limit("bpf_func_id", "__BPF_FUNC_MAX_ID", "BPF_FUNC_MAX_ID"),
);

write(
  "map-flags",
  [
    "Flags of map operations (`BPF_ANY` …, u64 in the interface) and of BPF_MAP_CREATE (`BPF_F_NO_PREALLOC` …, u32).",
    "",
    UAPI,
  ],
  `${constants(enumWith("BPF_NOEXIST"))}\n${constants(enumWith("BPF_F_NO_PREALLOC"))}`,
);

write(
  "prog-flags",
  [
    "Flags of BPF_PROG_LOAD, of attaching, of BPF_PROG_TEST_RUN and BPF_PROG_QUERY. Macros in the kernel's header, except the `MULTI_RETURN` ones.",
    "",
    UAPI,
  ],
  `${constants(Object.entries(LOAD_FLAGS))}\n${constants(Object.entries(ATTACH_FLAGS))}\n${constants(enumWith("BPF_F_KPROBE_MULTI_RETURN"))}${constants(enumWith("BPF_F_UPROBE_MULTI_RETURN"))}`,
);

write(
  "pseudo",
  ["What src_reg of ld_imm64 and of call says about the imm. Macros in the kernel's header.", "", UAPI],
  constants(Object.entries(PSEUDO)),
  PLAIN,
);

write(
  "return-codes",
  [
    "What programs return to say what happens to a packet: `enum xdp_action`, `sk_action`, `bpf_ret_code`, `tcx_action_base`.",
    "",
    UAPI,
  ],
  ["xdp_action", "sk_action", "bpf_ret_code", "tcx_action_base"].map((name) => constants(enumNamed(name))).join("\n"),
);

const helperFlagEnums = [
  "BPF_F_RECOMPUTE_CSUM",
  "BPF_F_HDR_FIELD_MASK",
  "BPF_F_PSEUDO_HDR",
  "BPF_F_TUNINFO_IPV6",
  "BPF_F_SKIP_FIELD_MASK",
  "BPF_F_ZERO_CSUM_TX",
  "BPF_F_TUNINFO_FLAGS",
  "BPF_F_INDEX_MASK",
  "BPF_F_CURRENT_NETNS",
  "BPF_CSUM_LEVEL_QUERY",
  "BPF_F_ADJ_ROOM_FIXED_GSO",
  "BPF_ADJ_ROOM_ENCAP_L2_MASK",
  "BPF_F_SYSCTL_BASE_NAME",
  "BPF_LOCAL_STORAGE_GET_F_CREATE",
  "BPF_F_GET_BRANCH_RECORDS_SIZE",
  "BPF_RB_NO_WAKEUP",
  "BPF_RB_AVAIL_DATA",
  "BPF_RINGBUF_BUSY_BIT",
  "BPF_SK_LOOKUP_F_REPLACE",
  "BPF_ADJ_ROOM_NET",
  "BPF_HDR_START_MAC",
  "BPF_LWT_ENCAP_SEG6",
  "BPF_F_BPRM_SECUREEXEC",
  "BPF_F_INGRESS",
  "BPF_SKB_TSTAMP_UNSPEC",
  "BPF_SOCK_OPS_VOID",
  "BPF_SOCK_OPS_RTO_CB_FLAG",
  "BPF_LOAD_HDR_OPT_TCP_SYN",
  "BPF_FIB_LOOKUP_DIRECT",
  "BPF_FIB_LKUP_RET_SUCCESS",
  "BPF_MTU_CHK_SEGS",
  "BPF_MTU_CHK_RET_SUCCESS",
  "BPF_F_TIMER_ABS",
  "BPF_MAX_LOOPS",
  "BPF_DYNPTR_TYPE_INVALID",
  "BPF_WRITE_HDR_TCP_CURRENT_MSS",
  "TCP_BPF_IW",
  "BTF_F_COMPACT",
  "BPF_F_PAD_ZEROS",
];
write(
  "helper-flags",
  [
    "Flags, modes and results of helpers, and their limits, one enum a paragraph. Numbers; the widest has 52 bits.",
    "",
    UAPI,
  ],
  helperFlagEnums.map((member) => constants(enumWith(member))).join("\n"),
);

write(
  "context-values",
  [
    "Values of fields that programs see in their contexts: states of TCP, accesses and kinds of devices, flags of the flow dissector. One enum a paragraph.",
    "",
    UAPI,
  ],
  [
    constants(enumWith("BPF_TCP_ESTABLISHED")),
    constants(Object.entries(DEVICE_CGROUP)),
    constants(enumWith("BPF_FLOW_DISSECTOR_F_PARSE_1ST_FRAG")),
  ].join("\n"),
);

write(
  "object-info",
  [
    "What bpf(2) says of objects, and lengths of its fields: kinds of perf events and of fds, orders of iterators, statistics, build ids; then the",
    "header's macros, in bytes.",
    "",
    UAPI,
  ],
  [
    ...[
      "BPF_PERF_EVENT_UNSPEC",
      "BPF_FD_TYPE_RAW_TRACEPOINT",
      "BPF_CGROUP_ITER_ORDER_UNSPEC",
      "BPF_STATS_RUN_TIME",
      "BPF_STACK_BUILD_ID_EMPTY",
    ].map((member) => constants(enumWith(member))),
    constants(Object.entries(LENGTHS)),
  ].join("\n"),
);

const errnoRows = ERRNO.trim()
  .split("\n")
  .map((line) => /^(\w+) (\d+) (.*)$/.exec(line).slice(1));
write(
  "errno",
  [
    "Linux errno on x86-64, positive. The last three never reach user space, except ENOTSUPP, which bpf(2) does answer.",
    "",
    "@see v6.18 include/uapi/asm-generic/errno-base.h, include/uapi/asm-generic/errno.h, include/linux/errno.h",
  ],
  errnoRows.map(([name, value, text]) => constant(name, Number(value), `${text}.`)).join("") +
    Object.entries(ERRNO_ALIASES)
      .map(([name, of]) => `export const ${name}: typeof ${of} = ${of};\n`)
      .join(""),
  PLAIN,
);
write(
  "errno-table",
  [
    "Names of errno, by number.",
    "",
    "@see v6.18 include/uapi/asm-generic/errno-base.h, include/uapi/asm-generic/errno.h, include/linux/errno.h",
  ],
  `/** Pairs of number and name. */\nexport const ERRNO_NAMES: Readonly<Record<number, string>> = {\n${errnoRows.map(([name, value]) => `  ${value}: "${name}",\n`).join("")}};\n`,
  PLAIN,
);

write(
  "name-tables",
  ["Names by number, as libbpf and bpftool print them: the constant without its prefix, in lower case.", "", UAPI],
  [
    nameTable("PROG_TYPE_NAMES", progTypes, "BPF_PROG_TYPE_", "By `BPF_PROG_TYPE_*`."),
    nameTable("ATTACH_TYPE_NAMES", attachTypes, "BPF_", "By attach type."),
    nameTable("MAP_TYPE_NAMES", mapTypes, "BPF_MAP_TYPE_", "By `BPF_MAP_TYPE_*`."),
    nameTable("LINK_TYPE_NAMES", linkTypes, "BPF_LINK_TYPE_", "By `BPF_LINK_TYPE_*`."),
    nameTable("COMMAND_NAMES", commands, "BPF_", "By `enum bpf_cmd`."),
    nameTable("HELPER_NAMES", helperIds, "BPF_FUNC_", "By helper id: the name without `bpf_`."),
  ].join("\n"),
);
