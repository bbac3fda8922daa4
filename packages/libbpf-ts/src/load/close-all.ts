/** Something that holds an fd. */
interface Closable {
  close(): void;
}

/** Closes all, the last first; then throws the first error that came up meanwhile. */
export function closeAll(objects: readonly Closable[]): void {
  let failure: { error: unknown } | undefined;
  for (let i = objects.length - 1; i >= 0; i--) {
    try {
      objects[i]!.close();
    } catch (error) {
      failure ??= { error };
    }
  }
  if (failure !== undefined) throw failure.error;
}

/** Closes all after another failure, which is the one to be told about. */
export function closeQuietly(objects: readonly Closable[]): void {
  try {
    closeAll(objects);
  } catch {
    // What could not be closed is of less interest than why it had to be.
  }
}
