/**
 * Error code: what a failed system call is called, in the words of errors that a person reads and where one failure is
 * told from another.
 */

/** `ENOENT` and the like; all that an error says where it has no code. */
export const errorCode = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : String(error)
