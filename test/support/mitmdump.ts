/**
 * Mitmdump: another proxy's reader of HTTP Archives, which says what it finds in one of ours.
 */
import { join } from "node:path"

import { runCommand } from "./process.ts"

/** What `.ci/run` installs, where no package has it. */
const installed = join(import.meta.dir, "../../dist/mitmproxy/bin")

export const mitmdump = (): string | null =>
  Bun.which("mitmdump", { PATH: `${process.env["PATH"] ?? ""}:${installed}` })

/** An exchange, as mitmdump lists it. Bytes are those of content. */
export interface ListedFlow {
  readonly method: string
  readonly url: string
  /** 0 where there was no response. */
  readonly status: number
  readonly sent: number
  readonly received: number
}

/** What mitmdump reads from an archive, in its order. Needs "mitmdump". */
export const listedByMitmdump = async (path: string): Promise<ReadonlyArray<ListedFlow>> => {
  const script = join(import.meta.dir, "list-flows.py")
  const command = [mitmdump() ?? "mitmdump", "--quiet", "--no-server", "--rfile", path, "--scripts", script]
  // It keeps its certificates at home.
  const { code, stdout, stderr } = await runCommand(command, {
    env: { HOME: join(path, ".."), PYTHONDONTWRITEBYTECODE: "1" },
    milliseconds: 60_000,
  })
  if (code !== 0) throw new Error(`mitmdump ended with ${code}: ${stdout}${stderr}`)
  return stdout.split("\n").flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as ListedFlow] : []))
}
