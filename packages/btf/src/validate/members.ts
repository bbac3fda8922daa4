import { EINVAL } from "@bpf-ts/uapi/errno";
import type { Input, RawMember } from "./input.ts";
import type { Log } from "./log.ts";
import { isRegularInt } from "./regular-int.ts";
import type { Resolver } from "./resolver.ts";

/** Where a member is looked at. */
export interface MemberContext {
  input: Input;
  log: Log;
  resolver: Resolver;
  /** Id of the struct or union. */
  struct: number;
}

/**
 * Whether a member, whose type is finished, fits into its struct where it is said to lie.
 *
 * @see v6.18 kernel/bpf/btf.c, the kinds' check_member and check_kflag_member
 */
export function checkMember(context: MemberContext, given: RawMember): void {
  const { input, log, resolver, struct } = context;
  const fail = (member: RawMember, reason: string): never => log.failMember(EINVAL, struct, member, reason);
  const sized = resolver.sized(given.type);
  if (sized === undefined) {
    fail(given, "Invalid member");
    return;
  }
  // What is reported from here on is the member as it is behind typedefs and modifiers.
  const member: RawMember = { ...given, type: sized.id };
  const withFlag = input.flag(struct);
  const width = withFlag ? member.offset >>> 24 : 0;
  const at = withFlag ? member.offset & 0xffffff : member.offset;
  const structSize = input.third(struct);
  const startsAtByte = at % 8 === 0;
  const exceeds = (bytes: number): boolean => structSize - Math.floor(at / 8) < bytes;

  switch (input.kind(sized.id)) {
    case "int": {
      const data = input.extra(sized.id, 0);
      if (withFlag) {
        if (!isRegularInt(input, sized.id)) fail(member, "Invalid member base type");
        const bits = data & 0xff;
        if (width === 0 && !startsAtByte) fail(member, "Invalid member offset");
        if (width > bits) fail(member, "Invalid member bitfield_size");
        checkBits(at, width === 0 ? bits : width);
      } else {
        // Old BTF: width and offset of a bitfield are the int's own.
        const offset = (data >>> 16) & 0xff;
        if (at > 0xffffffff - offset) fail(member, "bits_offset exceeds U32_MAX");
        checkBits(at + offset, data & 0xff);
      }
      return;
    }
    case "enum":
    case "enum64": {
      if (!withFlag || width === 0) {
        if (!startsAtByte) fail(member, "Member is not byte aligned");
        // With the flag set an enum counts as 4 bytes whatever its size.
        if (exceeds(withFlag ? 4 : sized.size)) fail(member, "Member exceeds struct_size");
        return;
      }
      if (width > 32) fail(member, "Invalid member bitfield_size");
      if (structSize < Math.ceil((at + width) / 8)) fail(member, "Member exceeds struct_size");
      return;
    }
    case "float": {
      if (width !== 0) fail(member, "Invalid member bitfield_size");
      if (at % (8 * Math.min(8, sized.size)) !== 0) fail(member, "Member is not properly aligned");
      if (exceeds(sized.size)) fail(member, "Member exceeds struct_size");
      return;
    }
    case "ptr":
    case "array":
    case "struct":
    case "union": {
      if (width !== 0) fail(member, "Invalid member bitfield_size");
      if (!startsAtByte) fail(member, "Member is not byte aligned");
      if (exceeds(sized.size)) fail(member, "Member exceeds struct_size");
      return;
    }
    default:
      throw new Error(`a member of kind ${input.kind(sized.id)} was not refused before`);
  }

  function checkBits(offset: number, bits: number): void {
    const first = Math.floor(offset / 8);
    const copied = bits + (offset % 8);
    if (copied > 128) fail(member, "nr_copy_bits exceeds 128");
    if (structSize < first || structSize - first < Math.ceil(copied / 8)) fail(member, "Member exceeds struct_size");
  }
}
