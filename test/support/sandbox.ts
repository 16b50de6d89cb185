/**
 * Sandbox: runs a command under a seccomp filter (seccomp(2)) that refuses what it is told to, as hardened containers and
 * units do. By itself: `bun sandbox.ts RULE... -- COMMAND...`; the command takes this process's place and keeps its id.
 */
import { dlopen, ptr } from "bun:ffi"
import { arch, constants } from "node:os"

/** The sandboxes, by what they refuse. */
export type Rule = "netlink" | "inet6" | "write-execute" | "accept" | "splice" | "epoll"

/** Goes before a command that is to run in the sandbox. */
export const sandbox = (...rules: ReadonlyArray<Rule>): ReadonlyArray<string> => [
  process.execPath,
  import.meta.path,
  ...rules,
  "--",
]

/** Numbers of system calls: asm/unistd_64.h, and asm-generic/unistd.h for arm64. */
const x64 = { socket: 41, accept: 43, accept4: 288, mmap: 9, mprotect: 10, splice: 275, epollCtl: 233 }
const arm64 = { socket: 198, accept: 202, accept4: 242, mmap: 222, mprotect: 226, splice: 76, epollCtl: 21 }
const calls = arch() === "arm64" ? arm64 : x64

const AF_INET6 = 10
const AF_NETLINK = 16
const PROT_EXEC = 4
const PROT_WRITE_EXEC = 6

/** The first descriptor that the sandbox "epoll" does not let be watched. */
export const unwatchedFrom = 64

/**
 * A system call that is refused: by its number, and where one argument matters, by what that is behind a mask: the value,
 * or at least the value.
 */
interface Refused {
  readonly call: number
  readonly argument?: {
    readonly index: number
    readonly mask: number
    readonly value: number
    readonly atLeast?: boolean
  }
  /** EPERM without it. */
  readonly errno?: number
}

const refusedBy: { readonly [R in Rule]: ReadonlyArray<Refused> } = {
  netlink: [{ call: calls.socket, argument: { index: 0, mask: 0xffff, value: AF_NETLINK } }],
  inet6: [{ call: calls.socket, argument: { index: 0, mask: 0xffff, value: AF_INET6 } }],
  // As MemoryDenyWriteExecute= of systemd.exec(5): no page that is both, none that becomes executable.
  "write-execute": [
    { call: calls.mmap, argument: { index: 2, mask: PROT_WRITE_EXEC, value: PROT_WRITE_EXEC } },
    { call: calls.mprotect, argument: { index: 2, mask: PROT_EXEC, value: PROT_EXEC } },
  ],
  accept: [{ call: calls.accept }, { call: calls.accept4 }],
  splice: [{ call: calls.splice }],
  // As where fs.epoll.max_user_watches is reached, which no namespace has for itself.
  epoll: [
    {
      call: calls.epollCtl,
      argument: { index: 2, mask: 0xffff_ffff, value: unwatchedFrom, atLeast: true },
      errno: constants.errno.ENOSPC,
    },
  ],
}

// linux/bpf_common.h and linux/seccomp.h.
const LOAD = 0x20
const AND = 0x54
const JUMP_IF_EQUAL = 0x15
const JUMP_IF_AT_LEAST = 0x35
const RETURN = 0x06
const allow = 0x7fff_0000
const refuseWith = 0x0005_0000
const argumentAt = (index: number): number => 16 + 8 * index

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, value: number]

const instructionsOf = ({ call, argument, errno = constants.errno.EPERM }: Refused): ReadonlyArray<Instruction> => {
  const refuse: Instruction = [RETURN, 0, 0, refuseWith | errno]
  if (argument === undefined) return [[JUMP_IF_EQUAL, 0, 1, call], refuse]
  return [
    [JUMP_IF_EQUAL, 0, 5, call],
    [LOAD, 0, 0, argumentAt(argument.index)],
    [AND, 0, 0, argument.mask],
    [argument.atLeast === true ? JUMP_IF_AT_LEAST : JUMP_IF_EQUAL, 0, 1, argument.value],
    refuse,
    // The number of the call again, for those that follow.
    [LOAD, 0, 0, 0],
  ]
}

/** The program as the kernel takes it: struct sock_filter, eight bytes each. */
const filter = (rules: ReadonlyArray<Rule>): Uint8Array => {
  const program: ReadonlyArray<Instruction> = [
    [LOAD, 0, 0, 0],
    ...rules.flatMap((rule) => refusedBy[rule].flatMap(instructionsOf)),
    [RETURN, 0, 0, allow],
  ]
  const bytes = new DataView(new ArrayBuffer(8 * program.length))
  for (const [i, [code, ifTrue, ifFalse, value]] of program.entries()) {
    bytes.setUint16(8 * i, code, true)
    bytes.setUint8(8 * i + 2, ifTrue)
    bytes.setUint8(8 * i + 3, ifFalse)
    bytes.setUint32(8 * i + 4, value, true)
  }
  return new Uint8Array(bytes.buffer)
}

const PR_SET_NO_NEW_PRIVS = 38
const PR_SET_SECCOMP = 22
const SECCOMP_MODE_FILTER = 2n

const text = (value: string): Buffer => Buffer.from(`${value}\0`)

/** Pointers to texts that end with a zero, and a null behind them; the texts must be kept. */
const pointersTo = (texts: ReadonlyArray<Buffer>): BigUint64Array =>
  BigUint64Array.from([...texts.map((each) => BigInt(ptr(each))), 0n])

const become = (rules: ReadonlyArray<Rule>, command: ReadonlyArray<string>): never => {
  const libc = dlopen("libc.so.6", {
    prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" },
    execve: { args: ["ptr", "ptr", "ptr"], returns: "i32" },
  }).symbols
  const path = Bun.which(command[0] ?? "")
  if (path === null) throw new Error(`no such command: ${command[0]}`)
  const words = command.map(text)
  const environment = Object.entries(process.env).map(([name, value]) => text(`${name}=${value}`))
  const [argv, envp, executable] = [pointersTo(words), pointersTo(environment), text(path)]
  const program = filter(rules)
  // struct sock_fprog: how many instructions, and where.
  const given = new DataView(new ArrayBuffer(16))
  given.setUint16(0, program.length / 8, true)
  given.setBigUint64(8, BigInt(ptr(program)), true)
  // A filter holds for the thread that sets it, and for the program that this thread becomes.
  const set =
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1n, 0n, 0n, 0n) === 0 &&
    libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, BigInt(ptr(given)), 0n, 0n) === 0
  if (set) libc.execve(executable, argv, envp)
  throw new Error(set ? `${path} cannot be executed` : "the filter is refused")
}

if (import.meta.main) {
  const words = process.argv.slice(2)
  const end = words.indexOf("--")
  become(words.slice(0, end) as ReadonlyArray<Rule>, words.slice(end + 1))
}
