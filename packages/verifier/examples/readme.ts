import { Btf, BtfBuilder } from "@bpf-ts/btf";
import { assembleKernel, encode } from "@bpf-ts/isa";
import { BPF_PROG_TYPE_XDP } from "@bpf-ts/uapi/prog-types";
import { defaultProfile, verify } from "@bpf-ts/verifier";

// A kernel is a value. Programs that name no type of the kernel get along with empty BTF; /sys/kernel/btf/vmlinux is what Linux has.
const linux = defaultProfile(Btf.parse(new BtfBuilder().encode()));

function load(text: string, logLevel = 0) {
  return verify(
    {
      progType: BPF_PROG_TYPE_XDP,
      expectedAttachType: 0,
      progFlags: 0,
      license: "GPL",
      name: "first_byte",
      insns: encode(assembleKernel(text)),
      mapByFd: () => 9, // EBADF: there are no maps
      logLevel,
    },
    linux,
  );
}

// Reads a packet that may be empty.
const careless = load(`
  r1 = *(u32 *)(r1 +0)   ; data
  r0 = *(u8 *)(r1 +0)
  exit
`);
if (careless.kind !== "reject") throw new Error("Linux refuses this");
console.log(careless.errno, careless.message, `(insn ${careless.insn})`); // 13 R1 offset is outside of the packet (insn 1)

// Compares with the packet's end first.
const careful = load(
  `
  r2 = *(u32 *)(r1 +4)   ; data_end
  r1 = *(u32 *)(r1 +0)   ; data
  r3 = r1
  r3 += 1
  r0 = 0
  if r3 > r2 goto out
  r0 = *(u8 *)(r1 +0)
out:
  exit
`,
  1,
);
if (careful.kind !== "accept") throw new Error(careful.log);
console.log(careful.stats.processed); // 9
console.log(careful.program.maxPktOffset); // 1: bytes of packet that it may read
