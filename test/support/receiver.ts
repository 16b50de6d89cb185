/**
 * Receiver: a Unix datagram socket that tests listen on, by path or by abstract name. Needs python3.
 */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Lines } from "./process.ts"

export interface Receiver {
  /** As NOTIFY_SOCKET has it. */
  readonly name: string
  /** The lines of the first message that has this line, of those that came and of those that come. */
  readonly message: (line: string) => Promise<ReadonlyArray<string>>
  /** The first line of every message so far. */
  readonly heads: () => ReadonlyArray<string>
}

/** `abstract`: a name that begins with @ and has no file. */
export const startReceiver = async (kind: "path" | "abstract"): Promise<Receiver & AsyncDisposable> => {
  const folder = await mkdtemp(join(tmpdir(), "pillion-test-"))
  const path = join(folder, "notify")
  const name = kind === "path" ? path : `@${path}`
  const child = Bun.spawn(["python3", join(import.meta.dir, "receiver.py"), name], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  })
  const lines = new Lines(child.stdout)
  const receiver = {
    name,
    message: (wanted: string) =>
      lines.until((text) => {
        const message: ReadonlyArray<string> = String(JSON.parse(text)).split("\n")
        return message.includes(wanted) ? message : undefined
      }, `message with ${wanted}`),
    heads: () => lines.all.slice(1).map((text) => String(JSON.parse(text)).split("\n")[0] ?? ""),
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL")
      await child.exited
      await rm(folder, { recursive: true, force: true })
    },
  }
  await receiver.message("bound")
  return receiver
}
