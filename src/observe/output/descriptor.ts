/**
 * Descriptor: how standard output and standard error are written to without ever waiting for their readers.
 *
 * `console.log` and writes that block are out: a stalled reader would stall the proxy. `fs.write` does not block the
 * program, but on a pipe it holds a thread of Bun's pool, of which there is one per core: with both outputs stalled
 * on two cores no name was resolved any more. `process.stdout` does neither, but it turns on O_NONBLOCK for every process
 * that shares the pipe, and a child of `run --` would then fail where it would have waited. So a pipe or terminal is
 * opened once more, which gives a description of its own that is non-blocking, and is written to without a thread:
 * handing a batch of lines to one costs as much as writing it.
 */
import { constants, fstatSync, openSync, write, writeSync } from "node:fs"

import type { Write } from "./output.ts"

/** The writer for descriptor 1 or 2. Whatever they are, it does not throw. */
export const openDescriptor = (descriptor: 1 | 2): Write => {
  try {
    // A second description of a file has its own position and would write over what a child writes.
    if (fstatSync(descriptor).isFile()) return fileWrite(descriptor)
    const flags = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY
    return nonBlockingWrite(openSync(`/proc/self/fd/${descriptor}`, flags))
  } catch {
    // What cannot be opened again: a socket, as systemd's journal, or a pipe of another user.
    return streamWrite(descriptor)
  }
}

const nonBlockingWrite =
  (descriptor: number): Write =>
  (bytes, offset, done) => {
    let count = 0
    let code: string | undefined
    try {
      count = writeSync(descriptor, bytes, offset, bytes.length - offset)
    } catch (error) {
      code = error instanceof Error ? codeOf(error) : String(error)
    }
    done(code, count)
  }

/** A disk may be slow: the system call waits in a thread. */
const fileWrite =
  (descriptor: number): Write =>
  (bytes, offset, done) =>
    write(descriptor, bytes, offset, bytes.length - offset, null, (error, count) =>
      done(error === null ? undefined : (error.code ?? error.message), count),
    )

const streamWrite = (descriptor: 1 | 2): Write => {
  const stream = descriptor === 1 ? process.stdout : process.stderr
  // Without a listener an error of the stream would end the process; `done` hears of it too.
  stream.on("error", () => {})
  return (bytes, offset, done) => {
    const rest = offset === 0 ? bytes : bytes.subarray(offset)
    stream.write(rest, (error) => (error ? done(codeOf(error), 0) : done(undefined, rest.length)))
  }
}

const codeOf = (error: Error): string => ("code" in error ? String(error.code) : error.message)
