/**
 * Notices: the licences of what is bundled into the executable, whose terms ask for their text beside every copy.
 *
 *   bun scripts/notices.ts > NOTICES
 */
import { join } from "node:path"

import { root } from "./steps.ts"

/** Effect runs in the proxy; the other two run in the browser that looks at the status page. */
export const bundled = ["effect", "preact", "uplot"] as const

/** One text with the notice of each, and where Bun's own are. Throws where a package is not installed. */
export const notices = async (): Promise<string> => {
  const each = bundled.map(async (name) => {
    const folder = join(root, "node_modules", name)
    const { version, license } = await Bun.file(join(folder, "package.json")).json()
    const text = await Bun.file(join(folder, "LICENSE")).text()
    return `${name} ${version} (${license})\n\n${text.trim()}\n`
  })
  const runtime = `Bun ${Bun.version}, the runtime inside the executable: MIT, and what it links:
https://github.com/oven-sh/bun/blob/bun-v${Bun.version}/LICENSE.md
`
  return [...(await Promise.all(each)), runtime].join(`\n${"-".repeat(78)}\n\n`)
}

if (import.meta.main) process.stdout.write(await notices())
