/**
 * Namespace: a network of its own with nothing but loopback (and a mount table of its own, for resolv.conf), for literal ports, and for networks that fail in a way
 * of the test's choice. Needs root, or a kernel that lets users make namespaces.
 */
import { Lines, type Output, runCommand } from "./process.ts"

export class Namespace {
  /** Goes before a command to run it inside. */
  readonly enter: ReadonlyArray<string>
  private readonly children: Array<Bun.Subprocess> = []

  constructor(holder: Bun.Subprocess) {
    this.children.push(holder)
    const user = process.getuid?.() === 0 ? [] : ["--user", "--preserve-credentials"]
    this.enter = ["nsenter", `--target=${holder.pid}`, "--net", "--mount", ...user, "--"]
  }

  /** Runs a command inside to its end. */
  run(...command: ReadonlyArray<string>): Promise<Output> {
    return runCommand([...this.enter, ...command], { milliseconds: 20_000 })
  }

  /** curl, run inside. */
  curl(...arguments_: ReadonlyArray<string>): Promise<Output> {
    return this.run("curl", "--silent", "--show-error", "--max-time", "10", ...arguments_)
  }

  /** Starts `workload.ts` inside with these servers, and waits until they listen. */
  async workload(...servers: ReadonlyArray<string>): Promise<void> {
    const script = `${import.meta.dir}/workload.ts`
    await this.start([...this.enter, process.execPath, script, ...servers])
  }

  /** Starts a command that prints "ready", in time unless something is wrong, and keeps it until the end. */
  async start(command: ReadonlyArray<string>, milliseconds?: number): Promise<void> {
    const child = Bun.spawn([...command], { stdin: "ignore", stdout: "pipe", stderr: "inherit" })
    this.children.push(child)
    await new Lines(child.stdout).until(
      (line) => (line === "ready" ? true : undefined),
      `ready from ${command.at(-1)}`,
      milliseconds,
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.children.toReversed()) child.kill("SIGKILL")
    await Promise.all(this.children.map((child) => child.exited))
  }
}

/** Loopback, and this machine as its own name server: what lies outside must not matter to a test. */
const ground = [
  "ip link set lo up",
  "mount -t tmpfs none /mnt",
  "echo nameserver 127.0.0.1 >/mnt/resolv.conf",
  "mount --bind /mnt/resolv.conf /etc/resolv.conf",
].join("; ")

/** Makes a namespace; `setup` are further shell commands in it, such as `ip route add unreachable 10.0.0.0/8`. */
export const makeNamespace = async (setup = ":"): Promise<Namespace> => {
  const user = process.getuid?.() === 0 ? [] : ["--map-root-user"]
  const holder = Bun.spawn(
    // The holder outlives nobody: its shell waits for the end of a pipe that dies with the test.
    ["unshare", "--net", "--mount", ...user, "--", "sh", "-ec", `${ground}; ${setup}; echo ready; read -r line || :`],
    { stdin: "pipe", stdout: "pipe", stderr: "inherit" },
  )
  const made = new Namespace(holder)
  try {
    await new Lines(holder.stdout).until((line) => (line === "ready" ? true : undefined), "namespace")
    return made
  } catch (cause) {
    await made[Symbol.asyncDispose]()
    throw cause
  }
}
