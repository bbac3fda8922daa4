/** Where text or bytes go. Whoever writes much awaits the answer, so that a slow reader is waited for. */
export interface Output {
  write(chunk: string | Uint8Array): void | Promise<void>;
}

/** Everything of the world that a command touches: so that tests, and other programs, can run one without a process. */
export interface Io {
  /** Arguments behind the program's name. */
  readonly argv: readonly string[];
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly stdout: Output;
  readonly stderr: Output;
  /** A whole file. @throws an Error with Node's `code` (`ENOENT` …) */
  readFile(path: string): Uint8Array;
  writeFile(path: string, bytes: Uint8Array): void;
}

/** Exit codes of all commands: fine; refused by the verifier or kernel; usage or broken input; unsupported. */
export type ExitCode = 0 | 1 | 2 | 3;
export const EXIT_OK = 0;
export const EXIT_REJECTED = 1;
export const EXIT_BROKEN = 2;
export const EXIT_UNSUPPORTED = 3;
