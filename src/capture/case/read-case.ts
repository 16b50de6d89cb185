/**
 * Read case: a case file, read strictly: whatever stands in it is read or reported with its line, so that no edit is lost without
 * a word. `lint` is the same reading, for its problems only.
 */
import {
  frameOps,
  type InterimResponse,
  type RecordedBody,
  type RecordedFrame,
  type RecordedRequest,
  type RecordedResponse,
} from "../record.ts"
import { errorAt, readElements, type Block, type CaseProblem, type Heading } from "./blocks.ts"
import { defined, makeCaseBody, type Case } from "./case.ts"
import { readContent, type ReadBeside } from "./content.ts"
import { readFrontMatter, type ReadYaml } from "./front-matter.ts"
import { isHead, readRequest, readResponse, readTrailers } from "./heads.ts"

/** What reading a case needs from outside. */
export interface CaseReading {
  readonly readYaml: ReadYaml
  readonly readBeside: ReadBeside
}

/** The case, where there is no error; problems by line. */
export interface ReadCase {
  readonly made: Case | undefined
  readonly problems: ReadonlyArray<CaseProblem>
}

/** Reads a whole file; its lines may end as on Windows. */
export const readCase = (text: string, { readYaml, readBeside }: CaseReading): ReadCase => {
  const lines = text.replace(/^\ufeff/, "").split(/\r?\n/)
  const { front, next, problems: ofFront } = readFrontMatter(lines, readYaml)
  const { elements, problems: ofElements } = readElements(lines, next)
  const reader = new PartsReader(elements, lines.length, readBeside)
  const parts = reader.read()
  const problems = [...ofFront, ...ofElements, ...reader.problems].toSorted((a, b) => a.line - b.line)
  const isGood = front !== undefined && parts !== undefined && !problems.some(({ severity }) => severity === "error")
  return { made: isGood ? { ...front, ...parts } : undefined, problems }
}

/** Everything that is wrong with a case file, by line. */
export const lint = (text: string, reading: CaseReading): ReadonlyArray<CaseProblem> => readCase(text, reading).problems

type Parts = Pick<Case, "request" | "response" | "firstByte" | "frames">

interface MessageParts {
  readonly body?: RecordedBody
  readonly trailers?: RecordedRequest["trailers"]
}

class PartsReader {
  readonly problems: Array<CaseProblem> = []
  private readonly elements: ReadonlyArray<Heading | Block>
  private readonly lastLine: number
  private readonly readBeside: ReadBeside
  private at = 0

  constructor(elements: ReadonlyArray<Heading | Block>, lastLine: number, readBeside: ReadBeside) {
    this.elements = elements
    this.lastLine = lastLine
    this.readBeside = readBeside
  }

  read(): Parts | undefined {
    if (this.heading(1) === undefined) this.wrong("a heading is missing here: # METHOD URL → STATUS")
    const request = this.take(isPlainHead, "the request is missing here: a block of http", readRequest)
    if (request === undefined) return undefined
    const sent = this.message(request)
    const answer = this.answer()
    const frames = this.frames()
    const rest = this.elements[this.at]
    if (rest !== undefined) this.problems.push(errorAt(rest.line, unexpected(rest)))
    return defined({ request: { ...request, ...sent }, ...answer, frames: frames.length === 0 ? undefined : frames })
  }

  private answer(): Pick<Parts, "response" | "firstByte"> {
    const heading = this.heading(2)
    if (heading === undefined) return {}
    const match = /^([1-9]\d\d)(?: after (\d+(?:\.\d+)?)ms)?$/.exec(heading.text.trim())
    if (match === null)
      this.problems.push(errorAt(heading.line, "this heading is not that of a response: ## 200 after 12.5ms"))
    const interim: Array<InterimResponse> = []
    for (let block = this.block(isInterim); block !== undefined; block = this.block(isInterim)) {
      const read = this.noted(readResponse(block))
      const t = this.timeOf(block)
      if (read !== undefined) interim.push({ status: read.line.status, headers: read.headers, t })
    }
    const response = this.take(isPlainHead, "the response is missing here: a block of http", readResponse)
    if (response === undefined) return {}
    if (match !== null && Number(match[1]) !== response.line.status) this.warn(heading.line, match[1]!, response)
    const received = this.message(response)
    return defined({
      response: { ...response, ...received, ...(interim.length === 0 ? {} : { interim }) },
      firstByte: match?.[2] === undefined ? undefined : Number(match[2]),
    })
  }

  private warn(line: number, said: string, response: RecordedResponse): void {
    const text = `the heading says ${said}, and the response ${response.line.status}, which is what counts`
    this.problems.push({ line, severity: "warning", text })
  }

  /** The content and the trailers behind a head. */
  private message({ headers }: Pick<RecordedRequest, "headers">): MessageParts {
    const block = this.block(isContent)
    const trailers = this.block(isTrailers)
    const read = trailers === undefined ? undefined : this.noted(readTrailers(trailers))
    const content = block === undefined ? undefined : this.noted(readContent(block, this.readBeside))
    const parts = read === undefined ? {} : { trailers: read.fields }
    if (block === undefined || content === undefined) return parts
    this.known(block, ["exact", "crlf", "text", "cut"], ["size"])
    const isCut = block.words.includes("cut")
    const size = isCut || content.omitted !== undefined ? this.sizeOf(block) : undefined
    return { ...parts, body: makeCaseBody(headers, { ...content, ...(isCut ? { truncated: true } : {}) }, size) }
  }

  private frames(): ReadonlyArray<RecordedFrame> {
    const frames: Array<RecordedFrame> = []
    for (let block = this.block(isFrame); block !== undefined; block = this.block(isFrame)) {
      const content = this.noted(readContent(block, this.readBeside))
      this.known(block, ["exact", "crlf", "text"], ["from", "t", "op", "size"])
      const from = block.values.get("from")
      const op = frameOps.find((each) => each === (block.values.get("op") ?? "text"))
      const t = this.timeOf(block)
      if (from !== "client" && from !== "target")
        this.problems.push(errorAt(block.line, "from= must be client or target"))
      else if (op === undefined) this.problems.push(errorAt(block.line, `op= must be one of ${frameOps.join(", ")}`))
      else if (content !== undefined) {
        const size = block.values.has("size") ? this.sizeOf(block) : makeCaseBody([], content).size
        frames.push({ t, from, op, ...content, size })
      }
    }
    return frames
  }

  private heading(level: 1 | 2): Heading | undefined {
    const element = this.elements[this.at]
    if (element?.kind !== "heading" || element.level !== level) return undefined
    this.at++
    return element
  }

  /** The next element, if it is a block that fits. */
  private block(fits: (block: Block) => boolean): Block | undefined {
    const element = this.elements[this.at]
    if (element?.kind !== "block" || !fits(element)) return undefined
    this.at++
    return element
  }

  /** The next block read, if it fits; else the problem is noted. */
  private take<A extends object>(
    fits: (block: Block) => boolean,
    missing: string,
    read: (block: Block) => A | CaseProblem,
  ): A | undefined {
    const block = this.block(fits)
    if (block !== undefined) return this.noted(read(block))
    this.wrong(missing)
    return undefined
  }

  private noted<A extends object>(read: A | CaseProblem): A | undefined {
    if (!("severity" in read)) return read
    this.problems.push(read)
    return undefined
  }

  private wrong(text: string): void {
    this.problems.push(errorAt(this.elements[this.at]?.line ?? this.lastLine, text))
  }

  private timeOf(block: Block): number {
    const match = /^(\d+(?:\.\d+)?)ms$/.exec(block.values.get("t") ?? "")
    if (match === null) this.problems.push(errorAt(block.line, "t= must be a time such as 12.1ms"))
    return Number(match?.[1] ?? 0)
  }

  private sizeOf(block: Block): number {
    const size = block.values.get("size") ?? ""
    if (!/^\d{1,15}$/.test(size)) this.problems.push(errorAt(block.line, "size= must say how many bytes there were"))
    return Number(size)
  }

  /** Reports words of an info string that mean nothing. The word of a file or of a reason was read with the content. */
  private known(block: Block, words: ReadonlyArray<string>, values: ReadonlyArray<string>): void {
    const own = block.language === "file" || block.language === "omitted" ? block.words.slice(1) : block.words
    const unknown = [
      ...own.filter((word) => !words.includes(word)),
      ...[...block.values.keys()].filter((name) => !values.includes(name)),
    ]
    if (unknown.length > 0)
      this.problems.push(errorAt(block.line, `${unknown[0]} means nothing behind ${block.language}`))
  }
}

const isPlainHead = (block: Block): boolean => isHead(block) && block.words.length === 0
const isTrailers = (block: Block): boolean => isHead(block) && block.words.includes("trailers")
const isInterim = (block: Block): boolean => isHead(block) && block.words.includes("interim")
const isFrame = (block: Block): boolean => !isHead(block) && block.values.has("from")
const isContent = (block: Block): boolean => !isHead(block) && !block.values.has("from")

const unexpected = (element: Heading | Block): string =>
  element.kind === "heading"
    ? "this heading is one too many: a case is of one exchange"
    : isHead(element)
      ? "this block of http is one too many"
      : "this block belongs to nothing: a body stands behind its head, and a message says from=client or from=target"
