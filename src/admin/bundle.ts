/**
 * Bundle: page/ made into one HTML document, with its script and its styles inside. Runs as a macro: while the
 * executable is built, or while a test that runs from source is loaded. Nothing of it is in the executable.
 *
 * Not Bun's HTML import: a route of that kind is answered past the checks of Host and Origin, and without headers of
 * ours.
 */
import { createHash } from "node:crypto"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

export interface Page {
  readonly html: string
  /** CSP sources for the script and the styles that are in it, and for no other. */
  readonly script: string
  readonly style: string
}

/** Throws with the bundler's own words when it cannot. */
export const bundlePage = (): Page => {
  const folder = mkdtempSync(join(tmpdir(), "pillion-page-"))
  try {
    const source = join(import.meta.dir, "page/page.html")
    // A process of its own: the bundler that runs a macro waits for it, and cannot bundle meanwhile.
    const bundler = Bun.spawnSync([
      process.execPath,
      "build",
      "--compile",
      "--target=browser",
      "--minify",
      source,
      `--outdir=${folder}`,
    ])
    if (bundler.exitCode !== 0) throw new Error(`the status page: ${bundler.stderr}${bundler.stdout}`)
    const html = readFileSync(join(folder, "page.html"), "utf8")
    return { html, script: hashOf(html, "script"), style: hashOf(html, "style") }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** CSP level 3 section 2.3.1: the hash of all that stands between the tags. */
const hashOf = (html: string, tag: "script" | "style"): string => {
  const found = [...html.matchAll(new RegExp(`<${tag}\\b[^>]*>(.*?)</${tag}>`, "gs"))]
  if (found.length !== 1) throw new Error(`the status page has ${found.length} elements ${tag} instead of one`)
  return `'sha256-${createHash("sha256")
    .update(found[0]?.[1] ?? "")
    .digest("base64")}'`
}
