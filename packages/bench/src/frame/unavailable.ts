/** A row, or the other side of one, that this machine cannot measure. The message says why. */
export class Unavailable extends Error {
  override readonly name = "Unavailable";
}
