import type { Memory } from "@bpf-ts/memory";
import type { OpenFile } from "../fd-table.ts";

/** What kinds of socket there are. There is no network behind them: they are what socket maps and socket storage hold. */
export type SocketKind = "udp" | "udp-unbound" | "tcp" | "tcp-listen" | "xdp";

/** `struct bpf_sock`, as far as sockets without a network have something to say. @see v6.18 include/uapi/linux/bpf.h */
const BPF_SOCK = { family: 4, type: 8, protocol: 12, srcIp4: 24, srcPort: 44, state: 72 } as const;
const BPF_SOCK_SIZE = 80;
const AF_INET = 2;
const AF_XDP = 44;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
const TCP_CLOSE = 7;
const TCP_LISTEN = 10;
/** 127.0.0.1 in network byte order, as a little-endian word. */
const LOOPBACK = 0x0100_007f;
/** The first port of Linux's ephemeral range: sockets that are bound get this one and those above. */
const FIRST_PORT = 32_768;

/**
 * A socket. The bound and listening ones have SO_REUSEPORT and lie on the loopback device.
 *
 * Programs see its `struct bpf_sock`, whose address is {@link Socket.handle}.
 */
export class Socket {
  readonly kind: SocketKind;
  /** SO_COOKIE: unlike that of every other socket. */
  readonly cookie: bigint;
  /** Address of its `struct bpf_sock`. */
  readonly handle: number;
  /** Elements of SOCKMAPs and SOCKHASHes that hold it. */
  sockMapElements = 0;
  /** A REUSEPORT_SOCKARRAY holds it. */
  isInReuseportArray = false;

  /** @throws MemoryError ENOMEM */
  constructor(memory: Memory, kind: SocketKind, cookie: bigint) {
    this.kind = kind;
    this.cookie = cookie;
    this.handle = memory.alloc(BPF_SOCK_SIZE, { label: "bpf_sock", writable: false });
    const set = (offset: number, value: number): void => memory.setU32(this.handle + offset, value);
    const [type, protocol] =
      kind === "xdp" ? [SOCK_RAW, 0] : kind.startsWith("udp") ? [SOCK_DGRAM, 17] : [SOCK_STREAM, 6];
    set(BPF_SOCK.family, kind === "xdp" ? AF_XDP : AF_INET);
    set(BPF_SOCK.type, type!);
    set(BPF_SOCK.protocol, protocol!);
    set(BPF_SOCK.state, kind === "tcp-listen" ? TCP_LISTEN : TCP_CLOSE);
    if (!this.isHashed) return;
    set(BPF_SOCK.srcIp4, LOOPBACK);
    set(BPF_SOCK.srcPort, FIRST_PORT + Number(cookie % 28_232n));
  }

  /** Packets can find it: it is bound (UDP) or listens (TCP). */
  get isHashed(): boolean {
    return this.kind === "udp" || this.kind === "tcp-listen";
  }
}

/** An open socket: with its last fd, the socket goes. */
export class SocketFile implements OpenFile {
  readonly kind = "socket";
  readonly socket: Socket;
  readonly #onClose: (socket: Socket) => void;

  constructor(socket: Socket, onClose: (socket: Socket) => void) {
    this.socket = socket;
    this.#onClose = onClose;
  }

  release(): void {
    this.#onClose(this.socket);
  }
}
