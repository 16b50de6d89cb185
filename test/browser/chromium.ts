/**
 * Chromium, without a window, driven over its DevTools protocol: a page is opened, looked at, and typed into as a
 * person would. Only what these tests use; no library and no download.
 */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { Lines } from "../support/process.ts"
import { within } from "../support/within.ts"

type Fields = Readonly<Record<string, unknown>>

interface Message {
  readonly id?: number
  readonly sessionId?: string
  readonly method?: string
  readonly params?: Fields
  readonly result?: Fields
  readonly error?: { readonly message: string }
}

/** Milliseconds for anything that Chromium does; a cold start on a busy machine is the longest of it. */
const patience = 30_000

export class Chromium {
  private readonly child: Bun.Subprocess<"ignore", "ignore", "pipe">
  private readonly socket: WebSocket
  private readonly folder: string
  private readonly waiting = new Map<number, PromiseWithResolvers<Fields>>()
  private readonly pages = new Map<string, Page>()
  private lastId = 0

  constructor(child: Bun.Subprocess<"ignore", "ignore", "pipe">, socket: WebSocket, folder: string) {
    this.child = child
    this.socket = socket
    this.folder = folder
    socket.addEventListener("message", ({ data }) => this.take(JSON.parse(String(data))))
    socket.addEventListener("close", () => this.fail())
  }

  /** One command; fails with what Chromium says against it. */
  async send(method: string, params: Fields = {}, sessionId?: string): Promise<Fields> {
    const id = ++this.lastId
    const answer = Promise.withResolvers<Fields>()
    this.waiting.set(id, answer)
    if (this.socket.readyState !== WebSocket.OPEN) this.fail()
    this.socket.send(JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) }))
    return await within(answer.promise, `answer to ${method}`, patience)
  }

  /** A new tab that watches what it asks for and what it complains about. */
  async page(): Promise<Page> {
    const { targetId } = await this.send("Target.createTarget", { url: "about:blank" })
    const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true })
    const page = new Page((method, params) => this.send(method, params, String(sessionId)))
    this.pages.set(String(sessionId), page)
    for (const domain of ["Page", "Runtime", "Network", "Log"]) await page.send(`${domain}.enable`)
    return page
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      // It may be gone before it has answered.
      await this.send("Browser.close").catch(() => {})
      await within(this.child.exited, "end of Chromium", patience)
    } finally {
      this.child.kill("SIGKILL")
      this.socket.close()
      await rm(this.folder, { recursive: true, force: true, maxRetries: 5 })
    }
  }

  /** Chromium has gone: whoever waits for it hears so at once. */
  private fail(): void {
    const how = this.child.signalCode ?? this.child.exitCode ?? "nothing to say"
    for (const answer of this.waiting.values()) answer.reject(new Error(`Chromium has gone, with ${how}`))
    this.waiting.clear()
  }

  private take({ id, sessionId, method, params, result, error }: Message): void {
    if (id === undefined) return this.pages.get(sessionId ?? "")?.take(method ?? "", params ?? {})
    const answer = this.waiting.get(id)
    this.waiting.delete(id)
    if (error === undefined) answer?.resolve(result ?? {})
    else answer?.reject(new Error(error.message))
  }
}

export class Page {
  /** Every address that was asked for. */
  readonly asked: Array<string> = []
  /** Errors and warnings on the console, uncaught exceptions, refused or failed requests. */
  readonly complaints: Array<string> = []
  readonly send: (method: string, params?: Fields) => Promise<Fields>
  private loaded = Promise.withResolvers<void>()

  constructor(send: (method: string, params?: Fields) => Promise<Fields>) {
    this.send = send
  }

  take(method: string, params: Fields): void {
    if (method === "Page.loadEventFired") this.loaded.resolve()
    if (method === "Network.requestWillBeSent") this.asked.push((params["request"] as { readonly url: string }).url)
    const complains =
      method === "Runtime.exceptionThrown" ||
      method === "Log.entryAdded" ||
      (method === "Runtime.consoleAPICalled" && params["type"] !== "log")
    if (complains) this.complaints.push(JSON.stringify(params))
  }

  /** Returns when the page has loaded. */
  async open(url: string): Promise<void> {
    this.loaded = Promise.withResolvers()
    await this.send("Page.navigate", { url })
    await within(this.loaded.promise, `load of ${url}`, patience)
  }

  /** The value of an expression in the page; a promise is waited for. */
  async evaluate<A>(expression: string): Promise<A> {
    const options = { expression, awaitPromise: true, returnByValue: true }
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", options)
    if (exceptionDetails !== undefined) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`)
    return (result as { readonly value: A }).value
  }

  /** Waits until an expression is true; looks again whenever the document changes. */
  async until(expression: string): Promise<void> {
    const watch = `new Promise((resolve) => {
      const look = () => (${expression}) && (observer.disconnect(), resolve(true))
      const observer = new MutationObserver(look)
      observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true })
      look()
    })`
    // Before Chromium is given up, which would not say what was waited for.
    await within(this.evaluate(watch), expression, patience - 1000)
  }

  /** Presses one key, by its name in KeyboardEvent.key. */
  async press(key: string): Promise<void> {
    const text = key === "Enter" ? "\r" : key.length === 1 ? key : undefined
    const known: Readonly<Record<string, number>> = {
      Enter: 13,
      Escape: 27,
      Tab: 9,
      ArrowUp: 38,
      ArrowDown: 40,
      ArrowRight: 39,
      ArrowLeft: 37,
      End: 35,
      Home: 36,
      " ": 32,
    }
    const event = {
      key,
      code: key === " " ? "Space" : key,
      windowsVirtualKeyCode: known[key] ?? key.toUpperCase().charCodeAt(0),
    }
    await this.send("Input.dispatchKeyEvent", { ...event, type: "keyDown", ...(text === undefined ? {} : { text }) })
    await this.send("Input.dispatchKeyEvent", { ...event, type: "keyUp" })
  }

  async write(text: string): Promise<void> {
    await this.send("Input.insertText", { text })
  }

  /** What the operating system prefers, and the size of the window in CSS pixels. */
  async look(scheme: "light" | "dark", width: number, height: number): Promise<void> {
    await this.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] })
    await this.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false })
  }

  /** A picture of what is in sight, as PNG. */
  async picture(): Promise<Uint8Array> {
    const { data } = await this.send("Page.captureScreenshot", { format: "png" })
    return Buffer.from(String(data), "base64")
  }
}

/** Starts Chromium with a profile of its own that is gone afterwards. It asks nobody for anything by itself. */
export const startChromium = async (): Promise<Chromium> => {
  const folder = await mkdtemp(join(tmpdir(), "pillion-chromium-"))
  const child = Bun.spawn(["chromium", ...flags, `--user-data-dir=${folder}`, "about:blank"], {
    env: { PATH: process.env["PATH"], HOME: folder, XDG_RUNTIME_DIR: folder },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  })
  try {
    const said = new Lines(child.stderr)
    const address = await said.until(addressIn, "address of Chromium", patience)
    const socket = new WebSocket(address)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    socket.addEventListener("open", () => resolve())
    socket.addEventListener("error", () => reject(new Error(`Chromium does not talk at ${address}`)))
    await within(promise, "connection to Chromium", patience)
    return new Chromium(child, socket, folder)
  } catch (cause) {
    child.kill("SIGKILL")
    await rm(folder, { recursive: true, force: true })
    throw cause
  }
}

const addressIn = (line: string): string | undefined => /^DevTools listening on (ws:\S+)/.exec(line)?.[1]

const flags = [
  "--headless=new",
  "--remote-debugging-port=0",
  // Root, containers and machines without user namespaces cannot have it; only our own page is opened.
  "--no-sandbox",
  "--no-first-run",
  "--no-proxy-server",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-default-apps",
  "--disable-extensions",
  "--disable-sync",
]
