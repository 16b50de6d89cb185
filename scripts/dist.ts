/**
 * Dist: `bun run dist` makes the tarballs for machines without containers, one a target: the executable, its systemd unit,
 * completions, and the checksums of all of it. The same sources and the same Bun make the same bytes, on every machine.
 * With names of targets behind it, `bun run dist linux-arm64`, it makes those only.
 */
import { copyFile, mkdir, mkdtemp, rename, rm } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import * as Result from "effect/Result"

import manifest from "../package.json" with { type: "json" }
import { shells } from "../src/cli/command-line/commands.ts"
import { completions } from "../src/cli/completions/completions.ts"
import { buildFor } from "./build.ts"
import { notices } from "./notices.ts"
import { sourceDate } from "./source-date.ts"
import { root } from "./steps.ts"
import { type Target, targetNamed, targets } from "./targets.ts"

/** Copied as they are: where they are here, and where in the tarball. */
type Copied = ReadonlyArray<readonly [from: string, to: string]>
const copied: Copied = [
  ["LICENSE", "LICENSE"],
  ["README.md", "README.md"],
  ["CHANGELOG.md", "CHANGELOG.md"],
]
const unit: Copied = [
  ["deploy/systemd/pillion.service", "systemd/pillion.service"],
  ["deploy/systemd/pillion.env", "systemd/pillion.env"],
]

/** What each shell wants its file to be called. */
const completionNames = { bash: "pillion", zsh: "_pillion", fish: "pillion.fish" } as const

/** Makes the tarball of a target in `folder` and returns its path; `say` is told what was done. */
export const dist = async (folder: string, target: Target, say: (line: string) => void = () => {}): Promise<string> => {
  const executable = await buildFor(target, say)
  const name = `${manifest.name}-${manifest.version}-${target.name}${target.untested ? "-untested" : ""}`
  await mkdir(folder, { recursive: true })
  const work = await mkdtemp(join(folder, "dist-"))
  try {
    await fill(join(work, name), executable, target)
    const tarball = join(work, `${name}.tar.gz`)
    await Bun.write(tarball, Bun.gzipSync(await archive(work, name, sourceDate())))
    await rename(tarball, join(folder, basename(tarball)))
    say(`${basename(tarball)}: ${(Bun.file(join(folder, basename(tarball))).size / 1e6).toFixed(1)} MB`)
    return join(folder, basename(tarball))
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** Puts every file in its place, and last the checksums of all the others. */
const fill = async (place: string, executable: string, { os }: Target): Promise<void> => {
  await mkdir(place, { recursive: true })
  await copyFile(executable, join(place, "pillion"))
  for (const [from, to] of os === "linux" ? [...copied, ...unit] : copied) {
    await mkdir(dirname(join(place, to)), { recursive: true })
    await copyFile(join(root, from), join(place, to))
  }
  await Bun.write(join(place, "NOTICES"), await notices())
  for (const shell of shells) {
    const path = join(place, "completions", shell, completionNames[shell])
    await Bun.write(path, Result.getOrThrow(completions(shell)))
  }
  const paths = [...new Bun.Glob("**").scanSync({ cwd: place })].toSorted()
  const sums = await Promise.all(paths.map(async (path) => `${await sha256(join(place, path))}  ${path}\n`))
  await Bun.write(join(place, "SHA256SUMS"), sums.join(""))
}

const sha256 = async (path: string): Promise<string> =>
  new Bun.CryptoHasher("sha256").update(await Bun.file(path).bytes()).digest("hex")

/** A tar of `name` in `folder` that tells nothing of the machine: sorted, one time, no owner, two modes. */
export const archive = async (folder: string, name: string, date: number): Promise<Uint8Array<ArrayBuffer>> => {
  const same = ["--sort=name", `--mtime=@${date}`, "--owner=0", "--group=0", "--numeric-owner", "--format=ustar"]
  const mode = "--mode=u+rwX,go+rX,go-w"
  const tar = Bun.spawn(["tar", "--create", ...same, mode, "--directory", folder, name], { stderr: "pipe" })
  const [bytes, problem, code] = await Promise.all([tar.stdout.bytes(), tar.stderr.text(), tar.exited])
  if (code !== 0) throw new Error(`tar failed:\n${problem}`)
  return bytes
}

if (import.meta.main) {
  const names = process.argv.slice(2)
  const wanted = names.length === 0 ? targets : names.map(targetNamed)
  for (const target of wanted) await dist(join(root, "dist"), target, (line) => console.log(line))
}
