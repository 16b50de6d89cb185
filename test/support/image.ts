/**
 * Image: the unpacked image, and containers of it as the strictest cluster would run them: a user that need not exist,
 * no capability, a root that cannot be written, /proc and nothing else beside it, and the program as PID 1.
 */
import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { buildImage, layout, tag } from "../../scripts/image.ts"
import { Lines, type Output, runCommand } from "./process.ts"
import { within } from "./within.ts"

/** What the image says of itself: OCI image specification, "Image Configuration". */
export interface ImageConfig {
  readonly created: string
  readonly config: {
    readonly User: string
    readonly Entrypoint: ReadonlyArray<string>
    readonly Cmd: ReadonlyArray<string>
    readonly ExposedPorts: Readonly<Record<string, unknown>>
    readonly Labels: Readonly<Record<string, string>>
    readonly StopSignal: string
  }
}

export interface Ids {
  readonly uid: number
  readonly gid: number
}

export interface RunOptions {
  readonly ids?: Ids
  /** A folder of the host to be mounted at /etc/podinfo. */
  readonly podinfo?: string
}

const words = (line: string): ReadonlyArray<string> => line.split(" ")

export class Image {
  readonly rootfs: string
  readonly config: ImageConfig
  private readonly folder: string

  constructor(folder: string, config: ImageConfig) {
    this.folder = folder
    this.rootfs = join(folder, "bundle/rootfs")
    this.config = config
  }

  /** Who the image says it runs as. */
  get ids(): Ids {
    const [uid, gid] = this.config.config.User.split(":").map(Number)
    return { uid: uid ?? 0, gid: gid ?? 0 }
  }

  /** The command line of a container that runs the image's entry point with these arguments. */
  command(arguments_: ReadonlyArray<string>, { ids = this.ids, podinfo }: RunOptions = {}): ReadonlyArray<string> {
    const { uid, gid } = ids
    return [
      // The real ids, and not only those of a user namespace: files are judged by them.
      ...words(`setpriv --reuid=${uid} --regid=${gid} --clear-groups bwrap --ro-bind`),
      this.rootfs,
      ...words("/ --proc /proc"),
      ...(podinfo === undefined ? [] : ["--ro-bind", podinfo, "/etc/podinfo"]),
      ...words(`--unshare-user --unshare-pid --unshare-ipc --unshare-uts --as-pid-1 --uid ${uid} --gid ${gid}`),
      ...words("--cap-drop ALL --clearenv --die-with-parent --json-status-fd 3"),
      ...this.config.config.Entrypoint,
      ...arguments_,
    ]
  }

  /** Runs one command of the image to its end. */
  run(arguments_: ReadonlyArray<string>, options?: RunOptions): Promise<Output> {
    return runCommand(["sh", "-c", 'exec "$@" 3>/dev/null', "sh", ...this.command(arguments_, options)])
  }

  /** Starts the proxy of the image, and waits until it says that it is ready. */
  async start(options: RunOptions = {}): Promise<Container> {
    const ports = ["--proxy-in-port=0", "--proxy-out-port=0", "--health-port=0", "--admin-port=0"]
    const child = Bun.spawn([...this.command([...this.config.config.Cmd, ...ports], options)], {
      env: { PATH: process.env["PATH"] },
      stdio: ["ignore", "ignore", "pipe", "pipe"],
    })
    const status = new Lines(Bun.file(child.stdio[3] ?? -1).stream())
    const stderr = new Lines(child.stderr)
    try {
      const pid = await status.until(processId, "process id")
      return new Container(child, stderr, pid, await stderr.until(ready, "readiness", 10_000))
    } catch (cause) {
      child.kill("SIGKILL")
      throw cause
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true })
  }
}

/** The line with which the proxy says that it listens. */
export interface Ready {
  readonly type: string
  readonly inbound: number
  readonly outbound?: number
  readonly health: number
}

const processId = (line: string): number | undefined => JSON.parse(line)["child-pid"]

const ready = (line: string): Ready | undefined => {
  const said = JSON.parse(line)
  return said.message.endsWith("is ready") ? said : undefined
}

export class Container {
  /** Of the proxy, as the host sees it. */
  readonly pid: number
  readonly ready: Ready
  private readonly child: Bun.Subprocess
  private readonly stderr: Lines

  constructor(child: Bun.Subprocess, stderr: Lines, pid: number, ready: Ready) {
    this.child = child
    this.stderr = stderr
    this.pid = pid
    this.ready = ready
  }

  /** SIGTERM to PID 1 of the container, then its exit code; fails if the proxy spoke of a defect. */
  async stop(): Promise<number> {
    process.kill(this.pid, "SIGTERM")
    const code = await within(this.child.exited, "end of the container after SIGTERM")
    await within(this.stderr.done, "end of the container's output")
    const defects = this.stderr.all.filter((line) => /unhandled|uncaught|defect/i.test(line))
    if (defects.length > 0) throw new Error(`the container reports a defect:\n${defects.join("\n")}`)
    return code
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGKILL")
    await this.child.exited
  }
}

/** Builds the image if need be and unpacks it, in a folder that any user may look into. */
export const unpackImage = async (): Promise<Image> => {
  await buildImage()
  const folder = await mkdtemp(join(tmpdir(), "pillion-image-"))
  await chmod(folder, 0o755)
  const bundle = join(folder, "bundle")
  const unpacked = await runCommand(["umoci", "unpack", "--image", `${layout}:${tag}`, bundle], {
    milliseconds: 30_000,
  })
  if (unpacked.code !== 0) throw new Error(`umoci unpack failed:\n${unpacked.stderr}`)
  await chmod(bundle, 0o755)
  // As a container runtime does for whatever is mounted.
  await mkdir(join(bundle, "rootfs/etc/podinfo"))
  return new Image(folder, await readConfig())
}

const blob = (digest: string) => Bun.file(join(layout, "blobs", digest.replace(":", "/"))).json()

/** From the layout's index to the manifest to the configuration. */
const readConfig = async (): Promise<ImageConfig> => {
  const { manifests } = await Bun.file(join(layout, "index.json")).json()
  const manifest = await blob(manifests[0].digest)
  return await blob(manifest.config.digest)
}
