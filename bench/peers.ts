/**
 * Who is measured: our executable, our two yardsticks, and the peers that this machine has.
 *
 * Every peer gets the configuration its own documentation gives for the work: one worker, connections kept alive where
 * it can. Ours has its defaults, its access log among them. Theirs write none, unless they are asked for it; then each
 * has a line for every connection or request, into the same kind of pipe.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/**
 * What a client asks of the proxy. "tcp" is one fixed target without any handshake; "inbound" is that target too, spoken
 * to in HTTP.
 */
export type Work = "tcp" | "inbound" | "http" | "connect" | "socks4" | "socks4a" | "socks5"

/** Where one start of a peer takes place. */
export interface Room {
  /** An empty folder of its own; the process's working directory. */
  readonly dir: string
  /** Where it shall accept, on 127.0.0.1. */
  readonly port: number
  /** The origin's port: the fixed target of "tcp", and what HAProxy's http mode and bare forward to. */
  readonly target: number
  /** The most connections it shall carry at once: each takes two descriptors. */
  readonly connections: number
}

export interface Peer {
  readonly name: string
  /** How it is configured, in one line, for the report. */
  readonly about: string
  readonly works: ReadonlyArray<Work>
  /** The executable; undefined when this machine has none. */
  readonly path: string | undefined
  readonly version: string | undefined
  /** Writes its configuration into the room; returns the command that stays in the foreground. */
  readonly command: (work: Work, room: Room) => ReadonlyArray<string>
  /** Where its access log goes: another process reads it. Absent where it writes none. */
  readonly logsTo?: "stdout" | "stderr"
  /** A proxy that runs already, given by --against: nothing is started, and its processor time is unknown. */
  readonly runningAt?: number
  /** Its stderr is a log that it can not be told to leave out, and that nobody asked for: it goes to /dev/null. */
  readonly discardStderr?: boolean
}

/** Lines of a configuration, or arguments, that are not always there. */
const where = (wanted: boolean, ...lines: ReadonlyArray<string>): ReadonlyArray<string> => (wanted ? lines : [])

/** What the report says of a peer's access log. */
const logOf = (logging: boolean, format: string): string => (logging ? `access log on (${format})` : "no access log")

const toStdout = (logging: boolean): Pick<Peer, "logsTo"> => (logging ? { logsTo: "stdout" } : {})

/** Debian keeps servers in sbin, which is not in everybody's PATH. */
const find = (name: string): string | undefined =>
  Bun.which(name, { PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin:/usr/local/sbin` }) ?? undefined

/** The first version number that the command prints. */
const versionFrom = (path: string | undefined, ...args: ReadonlyArray<string>): string | undefined => {
  if (path === undefined) return undefined
  const { stdout, stderr } = Bun.spawnSync([path, ...args])
  return /\d+\.\d+(\.\d+)*/.exec(`${stdout}${stderr}`)?.[0]
}

/** For a program that can not tell its own version. */
const debianVersion = (path: string | undefined, name: string): string | undefined => {
  if (path === undefined || Bun.which("dpkg-query") === null) return undefined
  return Bun.spawnSync(["dpkg-query", "-W", "-f=${Version}", name]).stdout.toString() || "unknown"
}

const configure = (room: Room, name: string, lines: ReadonlyArray<string>): string => {
  mkdirSync(room.dir, { recursive: true })
  const path = join(room.dir, name)
  writeFileSync(path, `${lines.join("\n")}\n`)
  return path
}

/** What HAProxy is measured as: by its defaults, and with one option each that is not one. */
const haproxies = {
  haproxy: {
    about: "nbthread 1, default buffers; tcp mode, or http mode with a fixed backend and http-reuse as default",
    works: ["tcp", "inbound", "http"],
  },
  "haproxy-splice": {
    about: "as haproxy, with option splice-request and splice-response: not its default, shown for what is possible",
    works: ["tcp"],
  },
  "haproxy-reuse": {
    about:
      "as haproxy, with http-reuse always: not its default; a client's first request may use any connection at rest",
    works: ["http"],
  },
} as const

const haproxy = (name: keyof typeof haproxies, logging: boolean): Peer => {
  const path = find("haproxy")
  const splice = name === "haproxy-splice"
  // The pipes that splice needs come out of the same descriptors.
  const share = splice ? 2 : 1
  return {
    name,
    works: haproxies[name].works,
    about: `${haproxies[name].about}; ${logOf(logging, "tcplog, httplog")}`,
    ...toStdout(logging),
    path,
    version: versionFrom(path, "-v"),
    command: (work, room) => {
      const mode = work === "tcp" ? "tcp" : "http"
      const config = configure(room, "haproxy.cfg", [
        "global",
        "  nbthread 1",
        `  maxconn ${Math.floor(room.connections / share)}`,
        ...where(logging, "  log stdout format raw local0 info"),
        "defaults",
        `  mode ${mode}`,
        ...where(logging, "  log global", `  option ${mode}log`),
        ...(splice ? ["  option splice-request", "  option splice-response"] : []),
        "  timeout connect 10s",
        "  timeout client 10m",
        "  timeout server 10m",
        "frontend here",
        `  bind 127.0.0.1:${room.port}`,
        `  maxconn ${Math.floor(room.connections / share)}`,
        "  default_backend there",
        "backend there",
        ...(name === "haproxy-reuse" ? ["  http-reuse always"] : []),
        `  server origin 127.0.0.1:${room.target}`,
      ])
      // Being quiet would take its stdout away, and the log with it.
      return [path ?? "", "-db", ...where(!logging, "-q"), "-f", config]
    },
  }
}

const nginx = (logging: boolean): Peer => {
  const path = find("nginx")
  const module = "/usr/lib/nginx/modules/ngx_stream_module.so"
  const dynamic = path !== undefined && Bun.spawnSync([path, "-V"]).stderr.includes("--with-stream=dynamic")
  const usable = !dynamic || Bun.spawnSync(["test", "-e", module]).exitCode === 0
  return {
    name: "nginx",
    about: `stream, worker_processes 1; ${logOf(logging, "the fields of its documentation's example")}`,
    ...toStdout(logging),
    works: ["tcp"],
    path: usable ? path : undefined,
    version: versionFrom(path, "-v"),
    command: (_work, room) => {
      const config = configure(room, "nginx.conf", [
        ...(dynamic ? [`load_module ${module};`] : []),
        "daemon off;",
        "worker_processes 1;",
        `pid ${room.dir}/nginx.pid;`,
        "error_log stderr error;",
        `events { worker_connections ${room.connections * 2 + 64}; }`,
        "stream {",
        "  proxy_timeout 10m;",
        ...where(
          logging,
          "  log_format line '$remote_addr [$time_local] $protocol $status $bytes_sent $bytes_received $session_time';",
          "  access_log /dev/stdout line;",
        ),
        `  server { listen 127.0.0.1:${room.port} backlog=4096; proxy_pass 127.0.0.1:${room.target}; }`,
        "}",
      ])
      return [path ?? "", "-e", "stderr", "-p", room.dir, "-c", config]
    },
  }
}

const squid = (logging: boolean): Peer => {
  const path = find("squid")
  return {
    name: "squid",
    about: `workers 1, caching off, connections kept alive on both sides (the default); ${logOf(logging, "squid")}`,
    ...toStdout(logging),
    works: ["http", "connect"],
    path,
    version: versionFrom(path, "-v"),
    command: (_work, room) => {
      const config = configure(room, "squid.conf", [
        `http_port 127.0.0.1:${room.port}`,
        "http_access allow all",
        "cache deny all",
        `access_log ${logging ? "stdio:/dev/stdout squid" : "none"}`,
        "cache_log stdio:/dev/null",
        "cache_store_log none",
        "pid_filename none",
        "pinger_enable off",
        "workers 1",
        `max_filedescriptors ${room.connections * 2}`,
        "shutdown_lifetime 0 seconds",
      ])
      return [path ?? "", "-N", "-f", config]
    },
  }
}

const tinyproxy = (logging: boolean): Peer => {
  const path = find("tinyproxy")
  return {
    name: "tinyproxy",
    about: `a thread a connection, it keeps no HTTP connection alive; ${logOf(logging, "LogLevel Connect")}`,
    ...toStdout(logging),
    works: ["http", "connect"],
    path,
    version: versionFrom(path, "-v"),
    command: (_work, room) => {
      const config = configure(room, "tinyproxy.conf", [
        `Port ${room.port}`,
        "Listen 127.0.0.1",
        "Timeout 600",
        `MaxClients ${room.connections}`,
        "Allow 127.0.0.1",
        `LogLevel ${logging ? "Connect" : "Critical"}`,
      ])
      return [path ?? "", "-d", "-c", config]
    },
  }
}

const microsocks = (logging: boolean): Peer => {
  const path = find("microsocks")
  return {
    name: "microsocks",
    about: `a thread a connection; it can not be told to log nothing, so its log goes to ${logging ? "a pipe" : "/dev/null"}`,
    works: ["socks5"],
    path,
    version: debianVersion(path, "microsocks"),
    command: (_work, room) => [path ?? "", "-i", "127.0.0.1", "-p", String(room.port)],
    ...(logging ? { logsTo: "stderr" } : { discardStderr: true }),
  }
}

const dante = (logging: boolean): Peer => {
  const path = find("danted")
  return {
    name: "dante",
    about: `one server (-N 1) and the children it forks, socksmethod none; ${logOf(logging, "log: disconnect")}`,
    ...toStdout(logging),
    // It takes the address of a SOCKS4a request, 0.0.0.1, for one to connect to: so no SOCKS4a.
    works: ["socks4", "socks5"],
    path,
    version: versionFrom(path, "-v"),
    command: (_work, room) => {
      const config = configure(room, "danted.conf", [
        ...where(logging, "logoutput: stdout"),
        `internal: 127.0.0.1 port = ${room.port}`,
        "external: 127.0.0.1",
        "clientmethod: none",
        "socksmethod: none",
        "client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }",
        `socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0${logging ? " log: disconnect" : ""} }`,
      ])
      return [path ?? "", "-N", "1", "-p", join(room.dir, "danted.pid"), "-f", config]
    },
  }
}

/** Our options for one kind of work. Everything that is not named here has its default. */
export const pillionOptions = (work: Work, room: Room): ReadonlyArray<string> => {
  const inbound = ["--proxy-type", "reverse", "--proxy-host", "127.0.0.1", "--proxy-port", String(room.target)]
  const speaks = ["--proxy-protocol", work === "tcp" ? "tcp" : "http"]
  return [
    ...(work === "tcp" || work === "inbound"
      ? [...inbound, ...speaks, "--proxy-in-port", String(room.port)]
      : ["--proxy-type", "forward", "--proxy-protocol", "http", "--proxy-out-port", String(room.port)]),
    "--health-port",
    "0",
    "--admin-port",
    "0",
  ]
}

/** Ours, as its users run it: the built executable, all defaults, its access log read by another process. */
export const pillion = (executable: string): Peer => ({
  name: "pillion",
  about: "defaults; the access log is on and goes into a pipe that another process empties",
  works: ["tcp", "inbound", "http", "connect", "socks4", "socks4a", "socks5"],
  path: executable,
  version: pillionVersion(executable),
  command: (work, room) => [executable, ...pillionOptions(work, room)],
  logsTo: "stdout",
})

/** Its number with the revision and the Bun that it was built with: what `version` prints after the name. */
const pillionVersion = (executable: string): string => {
  const said = Bun.spawnSync([executable, "version"])
  const version = /^pillion (\d.*)$/m.exec(said.stdout.toString())?.[1]
  if (version === undefined) throw new Error(`${executable} version does not say that it is pillion`)
  return version
}

/** The name of the executable that is compared with. */
export const beforeName = "pillion-before"

/** An earlier executable, run as ours is. */
export const before = (executable: string): Peer => ({
  ...pillion(executable),
  name: beforeName,
  about: "the executable that --before names, run as pillion is",
})

/** The same without an access log: what the log costs is the difference. */
export const pillionQuiet = (executable: string): Peer => ({
  ...pillion(executable),
  name: "pillion-quiet",
  about: "as pillion, with --access-log false",
  command: (work, room) => [executable, ...pillionOptions(work, room), "--access-log", "false"],
})

/** The same without reading the HTTP that it carries as it is: what the reading and its lines cost is the difference. */
export const pillionUnread = (executable: string): Peer => ({
  ...pillion(executable),
  name: "pillion-unread",
  about: "as pillion, with --follow-http false",
  works: ["inbound"],
  command: (work, room) => [executable, ...pillionOptions(work, room), "--follow-http", "false"],
})

/** The same with a record of every request and its answer, kept in memory: what a record costs is the difference. */
export const pillionMemory = (executable: string): Peer => ({
  ...pillion(executable),
  name: "pillion-memory",
  about: "as pillion, with --capture memory: every request and its answer become a record, redacted and kept",
  works: ["inbound", "http"],
  command: (work, room) => [executable, ...pillionOptions(work, room), "--capture", "memory"],
})

/** The same with those records written to a directory. */
export const pillionDirectory = (executable: string): Peer => ({
  ...pillionMemory(executable),
  name: "pillion-directory",
  about:
    "as pillion, with --capture and a directory: every request and its answer become a record, redacted and written",
  command: (work, room) => [executable, ...pillionOptions(work, room), "--capture", join(room.dir, "capture")],
})

/** relay.c: the floor. */
export const floor = (executable: string): Peer => ({
  name: "floor",
  about: "bench/relay.c: a plain relay in C, epoll, one fixed target; a SOCKS5 handshake is answered unread",
  works: ["tcp", "inbound", "socks5"],
  path: executable,
  version: "-",
  command: (work, room) => [
    executable,
    String(room.port),
    String(room.target),
    ...(work === "socks5" ? ["socks5"] : []),
  ],
})

/** bare.ts: what Bun's own sockets cost. */
export const bare = (): Peer => ({
  name: "bare",
  about:
    "bench/bare.ts: a relay over Bun's own sockets, one fixed target, without Effect, limits or log; it reads no HTTP",
  works: ["tcp", "http", "connect"],
  path: process.execPath,
  version: Bun.version,
  command: (work, room) => [
    process.execPath,
    join(import.meta.dir, "bare.ts"),
    String(room.port),
    String(room.target),
    ...(work === "connect" ? ["connect"] : []),
  ],
})

/** A proxy that somebody else started, and that does every kind of work it is asked for. */
export const against = (name: string, port: number): Peer => ({
  name,
  about: `started elsewhere, at 127.0.0.1:${port}; its processor time is not known`,
  works: ["http", "connect", "socks4", "socks4a", "socks5"],
  path: "",
  version: "-",
  command: () => [],
  runningAt: port,
})

/** Every peer by Debian's packages, by its name. */
const packaged = {
  haproxy: (logging) => haproxy("haproxy", logging),
  "haproxy-splice": (logging) => haproxy("haproxy-splice", logging),
  "haproxy-reuse": (logging) => haproxy("haproxy-reuse", logging),
  nginx,
  squid,
  tinyproxy,
  microsocks,
  dante,
} satisfies Record<string, (logging: boolean) => Peer>

/** Every peer by Debian's packages, whether this machine has it or not; `logging` with an access log. */
export const others = (logging: boolean): ReadonlyArray<Peer> => Object.values(packaged).map((make) => make(logging))

/** The names that --peers takes. */
export const peerNames: ReadonlyArray<string> = [
  "pillion",
  "pillion-quiet",
  "pillion-unread",
  "pillion-memory",
  "pillion-directory",
  "floor",
  "bare",
  ...Object.keys(packaged),
]
