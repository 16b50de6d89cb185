/**
 * Open directory: makes a capture directory, or takes one that is there, for this user and this process alone.
 *
 * Fails closed: what is a link, belongs to somebody else or may be read by others is refused, never mended.
 */
import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from "node:fs"
import { join, resolve } from "node:path"

import { errorCode } from "../../flow/error-code.ts"
import { ignoreName, keyName, lockName, partSuffix, processFolder } from "./layout.ts"

/** Bytes of a key that is made here, and those that one must have. */
export const keyBytes = 32
export const minKeyBytes = 16

/** Bytes that are read of a key: more is a mistake. */
const maxKeyBytes = 4096

/** What became of a lock that was asked for, which ends with its process: another process has it, or there are none here. */
export type LockOutcome = "locked" | "taken" | "unsupported"

export interface DirectoryRequest {
  readonly path: string
  /** The key that was given; the directory's own one where none was. */
  readonly key: Uint8Array | undefined
  readonly uid: number
  readonly host: string
  readonly pid: number
  /** Locks an open file. */
  readonly lock: (descriptor: number) => LockOutcome
}

/** A directory of this process. */
export interface OpenedDirectory {
  /** Absolute: the one that was asked for, or where another process has that one, a directory below it. */
  readonly path: string
  /** The key of its tokens. */
  readonly key: Uint8Array
  /** Another process has the directory that was asked for, or it cannot be known that none has. */
  readonly isShared: boolean
  /** Lets others have it; once is enough. */
  readonly release: () => void
}

/** A directory, or why it cannot be had, as words that follow its path. */
export type OpenResult = { readonly opened: OpenedDirectory } | { readonly problem: string }

/** Why a directory is refused, in words. */
class Refused extends Error {}

/** Opens the directory, and makes it where it is not there. Takes a few system calls, and waits for nobody. */
export const openDirectory = (request: DirectoryRequest): OpenResult => {
  const { uid, host, pid } = request
  const path = resolve(request.path)
  try {
    makeFolder(path, uid)
    const key = request.key ?? keyOf(path, uid, pid)
    const lock = lockFolder(path, request.lock)
    if (lock.outcome === "locked") return { opened: { path, key, isShared: false, release: lock.release } }
    const below = join(path, processFolder(host, pid))
    makeFolder(below, uid)
    const lockBelow = lockFolder(below, request.lock)
    // Without locks the numbers of processes tell them apart.
    if (lockBelow.outcome === "taken") return { problem: "is used by another process of this host and this number" }
    return { opened: { path: below, key, isShared: true, release: lockBelow.release } }
  } catch (error) {
    return { problem: error instanceof Refused ? error.message : `cannot be used (${errorCode(error)})` }
  }
}

const makeFolder = (path: string, uid: number): void => {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  const found = lstatSync(path)
  if (found.isSymbolicLink()) throw new Refused("is a link: name the directory itself")
  if (found.uid !== uid) throw new Refused("belongs to another user")
  if ((found.mode & 0o077) !== 0) throw new Refused(`is open to other users: chmod 700 it, or name one below it`)
  writeNew(join(path, ignoreName), "*\n")
}

/** Writes a file of this user's alone, unless there is one of this name. */
const writeNew = (path: string, content: string | Uint8Array): void => {
  try {
    const file = openSync(path, "wx", 0o600)
    try {
      writeFully(file, content)
    } finally {
      closeSync(file)
    }
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error
  }
}

const writeFully = (file: number, content: string | Uint8Array): void => {
  const bytes = Buffer.from(content)
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at)
}

/** The key of a directory, made where there is none; processes that begin at the same time have the same one. */
const keyOf = (folder: string, uid: number, pid: number): Uint8Array => {
  const path = join(folder, keyName)
  const made = `${path}${partSuffix}-${pid}`
  rmSync(made, { force: true })
  if (!isThere(path)) {
    writeNew(made, crypto.getRandomValues(new Uint8Array(keyBytes)))
    try {
      linkSync(made, path)
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error
    } finally {
      rmSync(made, { force: true })
    }
  }
  return readKey(path, uid)
}

const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined

const readKey = (path: string, uid: number): Uint8Array => {
  // Not waiting for a writer, should it be a pipe.
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const found = fstatSync(file)
    if (!found.isFile() || found.uid !== uid) throw new Refused(`has a ${keyName} that is not this user's file`)
    if ((found.mode & 0o077) !== 0) throw new Refused(`has a ${keyName} that is open to other users: chmod 600 it`)
    const bytes = new Uint8Array(maxKeyBytes)
    const key = bytes.slice(0, readSync(file, bytes))
    if (key.length < minKeyBytes) throw new Refused(`has a ${keyName} of fewer than ${minKeyBytes} bytes`)
    return key
  } finally {
    closeSync(file)
  }
}

/** The lock lives as long as its file is open. */
const lockFolder = (
  folder: string,
  lock: DirectoryRequest["lock"],
): { readonly outcome: LockOutcome; readonly release: () => void } => {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK
  const file = openSync(join(folder, lockName), flags, 0o600)
  const outcome = lock(file)
  let isOpen = true
  const release = (): void => {
    if (isOpen) closeSync(file)
    isOpen = false
  }
  if (outcome !== "locked") release()
  return { outcome, release }
}
