/** The command line as a function. */
export { runCli } from "./cli.ts";
export { CliError, type CliErrorCode } from "./error.ts";
export { EXIT_BROKEN, EXIT_OK, EXIT_REJECTED, EXIT_UNSUPPORTED, type ExitCode, type Io, type Output } from "./io.ts";
