/**
 * Targets: the machines that executables are made for, and the runtime of each. A runtime is Bun's own package for that
 * machine, by the version and the checksum of bun.lock: from the npm registry or the package cache, from nowhere else.
 */
import { copyFile, mkdir } from "node:fs/promises"
import { join } from "node:path"

import { bun, root } from "./steps.ts"

export interface Target {
  /** As in the names of folders and tarballs. */
  readonly name: string
  readonly os: "linux" | "darwin"
  readonly cpu: "x64" | "arm64"
  readonly libc: "glibc" | "musl" | undefined
  /** Nothing of ours was ever run there. */
  readonly untested: boolean
}

const linux = (cpu: Target["cpu"], libc: "glibc" | "musl"): Target => ({
  name: `linux-${cpu}${libc === "musl" ? "-musl" : ""}`,
  os: "linux",
  cpu,
  libc,
  untested: false,
})

const darwin = (cpu: Target["cpu"]): Target => ({
  name: `darwin-${cpu}`,
  os: "darwin",
  cpu,
  libc: undefined,
  untested: true,
})

export const targets: ReadonlyArray<Target> = [
  linux("x64", "glibc"),
  linux("arm64", "glibc"),
  linux("x64", "musl"),
  linux("arm64", "musl"),
  darwin("x64"),
  darwin("arm64"),
]

/** By its name; `amd64`, as images call it, is x64. Throws where there is none. */
export const targetNamed = (name: string): Target => {
  const target = targets.find((each) => each.name === name.replace("amd64", "x64"))
  if (target === undefined) {
    throw new Error(`no target is called ${name}; there are ${targets.map((each) => each.name).join(", ")}`)
  }
  return target
}

/** The package of a target's runtime in bun.lock. */
const packageOf = ({ os, cpu, libc }: Target): string =>
  `@oven/bun-${os}-${cpu === "arm64" ? "aarch64" : cpu}${libc === "musl" ? "-musl" : ""}`

/** What `bun build --target` calls it. */
export const bunTarget = ({ name }: Target): string => `bun-${name}`

const folderOf = ({ name }: Target): string => join(root, "dist/runtimes", name)
const runtimeIn = (folder: string, target: Target): string => join(folder, "node_modules", packageOf(target), "bin/bun")

/** Whether its runtime is here already: each is a download of some 40 MB. */
export const hasRuntime = (target: Target): Promise<boolean> => Bun.file(runtimeIn(folderOf(target), target)).exists()

/** The path of its runtime, installed below dist/ if it is not there yet. Throws with the installer's own words. */
export const runtimeFor = async (target: Target): Promise<string> => {
  const folder = folderOf(target)
  await mkdir(folder, { recursive: true })
  for (const file of ["package.json", "bun.lock"]) await copyFile(join(root, file), join(folder, file))
  const where = [
    `--os=${target.os}`,
    `--cpu=${target.cpu}`,
    ...(target.libc === undefined ? [] : [`--libc=${target.libc}`]),
  ]
  const installed = Bun.spawnSync([bun, "install", "--frozen-lockfile", "--ignore-scripts", ...where], { cwd: folder })
  if (installed.exitCode !== 0 || !(await hasRuntime(target))) {
    throw new Error(`the runtime for ${target.name} cannot be installed:\n${installed.stderr}${installed.stdout}`)
  }
  return runtimeIn(folder, target)
}
