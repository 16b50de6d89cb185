/**
 * XML: finds the secrets of XML and HTML, by the names of elements and attributes, by place, and by shape in every text.
 * Reads tags as a browser would, without asking whether they fit each other: what is no tag is text.
 */
import { APOSTROPHE, EQUALS, GREATER_THAN, QUOTE, SLASH, SP } from "../../protocol/ascii.ts"
import { scanValue } from "./json.ts"
import { judgeName } from "./names.ts"
import { CannotJudge, hides, type Scan, type Verdict, type Where } from "./scan.ts"
import { scanText } from "./text.ts"
import { decodeXml, pieceOf, type View } from "./views.ts"

/** Deeper nesting is refused. */
export const maxXmlDepth = 256

/** Elements of HTML that have no end (WHATWG HTML section 13.1.2). */
const endless = new Set("area base br col embed hr img input link meta source track wbr".split(" "))
/** Elements of HTML whose inside is no HTML. */
const raw = new Set(["script", "style"])

/** Attributes that name what other attributes of their element hold: `<input name="password" value="...">`. */
const naming = new Set(["name", "id", "key", "property", "type", "http-equiv"])
const named = new Set(["value", "content"])
/** Those of them that name the text within, too: `<property name="password">...</property>`. */
const namingText = new Set(["name", "key"])

interface Attribute {
  readonly name: string
  readonly value: View
}

/** Looks at XML, or at HTML, in which some elements have no end. Throws CannotJudge where it is nested too deeply. */
export const scanXml = (scan: Scan, view: View, where: Where, isHtml: boolean): void => {
  const walk = new XmlWalk(scan, view, where, isHtml)
  for (let at = 0; at < view.text.length;) at = walk.step(at)
}

class XmlWalk {
  private readonly path: Array<string> = []
  /** By depth; the first is that of the whole. */
  private readonly verdicts: Array<Verdict>
  private readonly text: string
  private readonly scan: Scan
  private readonly view: View
  private readonly where: Where
  private readonly isHtml: boolean

  constructor(scan: Scan, view: View, where: Where, isHtml: boolean) {
    this.scan = scan
    this.view = view
    this.where = where
    this.isHtml = isHtml
    this.verdicts = [where.verdict]
    this.text = view.text
  }

  /** Reads one tag, comment or text; returns where it ends. */
  step(at: number): number {
    if (this.text.startsWith("<!--", at)) return this.plain(at, "-->")
    if (this.text.startsWith("<![CDATA[", at)) return this.cdata(at + "<![CDATA[".length)
    if (this.text.startsWith("<!", at) || this.text.startsWith("<?", at)) return this.plain(at, ">")
    if (this.text.startsWith("</", at)) return this.endTag(at + 2)
    if (this.text.startsWith("<", at) && isNameStart(this.text.charCodeAt(at + 1))) return this.startTag(at + 1)
    const end = this.before("<", at + 1)
    this.value(decodeXml(pieceOf(this.view, at, end)))
    return end
  }

  /** What is neither text nor a tag: only shapes are looked for. */
  private plain(start: number, stop: string): number {
    const end = this.before(stop, start)
    scanText(this.scan, pieceOf(this.view, start, end), this.here())
    return end + stop.length
  }

  private cdata(start: number): number {
    const end = this.before("]]>", start)
    this.value(pieceOf(this.view, start, end))
    return end + "]]>".length
  }

  /** The inside of an element, without the space around it. */
  private value(value: View): void {
    const start = value.text.length - value.text.trimStart().length
    const end = value.text.trimEnd().length
    if (start >= end) return
    const verdict = this.verdicts.at(-1) ?? "open"
    if (hides(verdict)) this.scan.hide(value, start, end, verdict, this.here())
    else scanValue(this.scan, pieceOf(value, start, end), { ...this.here(), verdict })
  }

  private endTag(start: number): number {
    const end = this.before(">", start)
    const name = this.text.slice(start, end).trim()
    const open = this.path.lastIndexOf(this.isHtml ? name.toLowerCase() : name)
    // An end without a beginning ends nothing.
    if (open >= 0) this.close(open)
    return end + 1
  }

  private startTag(start: number): number {
    let at = this.nameEnd(start)
    const written = this.text.slice(start, at)
    const name = this.isHtml ? written.toLowerCase() : written
    if (this.path.length >= maxXmlDepth) this.tooDeep()
    this.path.push(name)
    const verdict = this.scan.judge(this.where, this.path, this.verdicts.at(-1) ?? "open")
    this.verdicts.push(verdict)
    const attributes: Array<Attribute> = []
    for (at = this.skipSpace(at); at < this.text.length && !this.isTagEnd(at); at = this.skipSpace(at)) {
      at = this.attribute(at, attributes)
    }
    this.judgeAttributes(attributes, verdict, at >= this.text.length)
    const isClosed = this.text.charCodeAt(at - 1) === SLASH || (this.isHtml && endless.has(name))
    if (isClosed) this.close(this.path.length - 1)
    else if (this.isHtml && raw.has(name)) return this.rawText(at + 1, name)
    return at + 1
  }

  /** Paragraphs and rows of HTML need no end: they only seem to be within each other. */
  private tooDeep(): void {
    if (!this.isHtml) throw new CannotJudge("elements are nested too deeply")
    this.close(this.path.length - 1)
  }

  private attribute(start: number, attributes: Array<Attribute>): number {
    const nameEnd = Math.max(this.nameEnd(start), start + 1)
    let at = this.skipSpace(nameEnd)
    const name = this.text.slice(start, nameEnd)
    if (this.text.charCodeAt(at) !== EQUALS) return nameEnd
    at = this.skipSpace(at + 1)
    const quote = this.text.charCodeAt(at)
    const isQuoted = quote === QUOTE || quote === APOSTROPHE
    const from = isQuoted ? at + 1 : at
    const end = isQuoted ? this.before(String.fromCharCode(quote), from) : this.unquotedEnd(from)
    attributes.push({ name, value: decodeXml(pieceOf(this.view, from, end)) })
    return isQuoted ? end + 1 : end
  }

  private judgeAttributes(attributes: ReadonlyArray<Attribute>, inherited: Verdict, isCut: boolean): void {
    // Where the tag is cut, its name may be what is not there.
    const isNamed = isCut || holdsSecretName(attributes, naming)
    for (const { name, value } of attributes) {
      this.path.push(`@${name}`)
      const isOwn = isNamed && named.has(name.toLowerCase())
      const verdict = this.scan.judge(this.where, this.path, inherited === "open" && isOwn ? "name" : inherited)
      // A namespace is a name.
      if (hides(verdict) && !name.startsWith("xmlns")) this.scan.hide(value, 0, value.text.length, verdict, this.here())
      else if (verdict !== "keep") scanValue(this.scan, value, { ...this.here(), verdict: "open" })
      this.path.pop()
    }
    if (inherited === "open" && holdsSecretName(attributes, namingText)) this.verdicts[this.path.length] = "name"
  }

  private rawText(start: number, name: string): number {
    const close = new RegExp(`</${name}`, "gi")
    close.lastIndex = start
    const end = close.exec(this.text)?.index ?? this.text.length
    this.value(pieceOf(this.view, start, end))
    return end
  }

  private close(depth: number): void {
    this.path.length = depth
    this.verdicts.length = depth + 1
  }

  private here(): Where {
    return { ...this.where, path: this.path, verdict: "open" }
  }

  /** Where a text is found next; the end where it is not. */
  private before(text: string, start: number): number {
    const found = this.text.indexOf(text, start)
    return found < 0 ? this.text.length : found
  }

  private skipSpace(start: number): number {
    let at = start
    while (this.text.charCodeAt(at) <= SP || (this.text.charCodeAt(at) === SLASH && !this.isTagEnd(at + 1))) at++
    return this.text.charCodeAt(at) === SLASH ? at + 1 : at
  }

  private isTagEnd(at: number): boolean {
    return this.text.charCodeAt(at) === GREATER_THAN
  }

  private nameEnd(start: number): number {
    let at = start
    while (at < this.text.length && !endsName(this.text.charCodeAt(at))) at++
    return at
  }

  private unquotedEnd(start: number): number {
    let at = start
    while (at < this.text.length && this.text.charCodeAt(at) > SP && !this.isTagEnd(at)) at++
    return at
  }
}

const holdsSecretName = (attributes: ReadonlyArray<Attribute>, names: ReadonlySet<string>): boolean =>
  attributes.some(({ name, value }) => names.has(name.toLowerCase()) && judgeName(value.text) === "secret")

const isNameStart = (code: number): boolean => /[\p{L}_:]/u.test(String.fromCharCode(code))

const endsName = (code: number): boolean => code <= SP || code === SLASH || code === GREATER_THAN || code === EQUALS
