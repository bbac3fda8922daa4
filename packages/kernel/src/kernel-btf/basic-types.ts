import type { BtfBuilder } from "@bpf-ts/btf";

/** Ids of C's types and of the kernel's names for them. */
export interface BasicTypes {
  readonly char: number;
  readonly bool: number;
  readonly s16: number;
  readonly int: number;
  readonly long: number;
  readonly unsignedLong: number;
  readonly u8: number;
  readonly u16: number;
  readonly u32: number;
  readonly u64: number;
  /** `__u32`. */
  readonly uapiU32: number;
  readonly s32: number;
  readonly s64: number;
  readonly voidPtr: number;
  readonly charPtr: number;
  readonly constCharPtr: number;
  /** `unsigned int`: what arrays are indexed by. */
  readonly index: number;
}

/** Adds C's basic types, and the kernel's `__u32` and `u32` families. */
export function addBasicTypes(builder: BtfBuilder): BasicTypes {
  const char = builder.addInt("char", 1, { signed: true });
  const uchar = builder.addInt("unsigned char", 1);
  const schar = builder.addInt("signed char", 1, { signed: true });
  const short = builder.addInt("short", 2, { signed: true });
  const ushort = builder.addInt("unsigned short", 2);
  const int = builder.addInt("int", 4, { signed: true });
  const uint = builder.addInt("unsigned int", 4);
  const long = builder.addInt("long", 8, { signed: true });
  const unsignedLong = builder.addInt("unsigned long", 8);
  const longLong = builder.addInt("long long", 8, { signed: true });
  const ulongLong = builder.addInt("unsigned long long", 8);
  const boolInt = builder.addInt("_Bool", 1, { bool: true });
  const uapi = new Map<string, number>();
  const both = (name: string, type: number): number => {
    const exported = builder.addTypedef(`__${name}`, type);
    uapi.set(name, exported);
    return builder.addTypedef(name, exported);
  };
  both("s8", schar);
  const u8 = both("u8", uchar);
  const s16 = both("s16", short);
  const u16 = both("u16", ushort);
  const s32 = both("s32", int);
  const u32 = both("u32", uint);
  const s64 = both("s64", longLong);
  const u64 = both("u64", ulongLong);
  builder.addTypedef("__be16", uapi.get("u16")!);
  builder.addTypedef("__be32", uapi.get("u32")!);
  builder.addTypedef("__wsum", uapi.get("u32")!);
  builder.addTypedef("size_t", unsignedLong);
  builder.addTypedef("pid_t", int);
  return {
    char,
    bool: builder.addTypedef("bool", boolInt),
    s16,
    int,
    long,
    unsignedLong,
    u8,
    u16,
    u32,
    u64,
    uapiU32: uapi.get("u32")!,
    s32,
    s64,
    voidPtr: builder.addPtr(0),
    charPtr: builder.addPtr(char),
    constCharPtr: builder.addPtr(builder.addConst(char)),
    index: uint,
  };
}
