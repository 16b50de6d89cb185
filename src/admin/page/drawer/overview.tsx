/**
 * Overview: what a record or a row is, in short: how it ended, where its time went, what caused it and what it caused.
 */
import { Fragment } from "preact"

import { shortId } from "../../../capture/ids.ts"
import { type CaptureRecord, isHttp } from "../../../capture/record.ts"
import { sizeText, visibleLine } from "../../../capture/text.ts"
import { bytes, duration } from "../model/format.ts"
import type { Row, Told } from "../model/rows.ts"
import { type Stage, stageOfField, stagesOf, ticksOf } from "../model/timing.ts"
import { titleOf } from "../model/titles.ts"

import { type Fact, Facts } from "./fields.tsx"

interface Props {
  readonly record: CaptureRecord
  readonly row: Row | undefined
  readonly effects: ReadonlyArray<CaptureRecord>
  readonly open: (id: string) => void
}

export const Overview = ({ record, row, effects, open }: Props) => (
  <>
    <Timing stages={stagesOf(record)} ticks={ticksOf(record)} />
    <Facts facts={factsOf(record, row)} />
    {record.cause === undefined && effects.length === 0 ? null : (
      <ul class="related">
        {record.cause === undefined ? null : (
          <li>
            <span class="quiet">caused by</span>{" "}
            <button onClick={() => open(record.cause?.id ?? "")}>{shortId(record.cause.id)}</button>{" "}
            <span class="quiet">known by {record.cause.by}</span>
          </li>
        )}
        {effects.map((effect) => (
          <Effect key={effect.id} effect={effect} open={open} />
        ))}
      </ul>
    )}
  </>
)

const Effect = ({ effect, open }: { readonly effect: CaptureRecord; readonly open: Props["open"] }) => {
  const { text, outcome, tone } = titleOf(effect)
  return (
    <li>
      <span class="quiet">caused</span> <button onClick={() => open(effect.id)}>{shortId(effect.id)}</button>{" "}
      <code>{text}</code>{" "}
      <span class="outcome" data-tone={tone}>
        {outcome}
      </span>
    </li>
  )
}

const factsOf = (record: CaptureRecord, row: Row | undefined): ReadonlyArray<Fact> => {
  const { id, kind, started, direction, flow, n, client, target, address, workload } = record
  const ended = [record.end && `by ${record.end}`, record.phase, record.code, record.refusal, record.error]
  const detail = row?.told["detail"]
  return [
    ["id", id],
    ["kind", kind],
    ["started", started],
    ["direction", `${direction}, number ${n} on connection ${flow}`],
    ["client", client],
    ["target", target],
    ["address", address === target ? undefined : address],
    ["ended", ended.filter((word) => word !== undefined && word !== "").join(", ")],
    ["detail", typeof detail === "string" ? detail : undefined],
    ["sent", sizeOf(record, "request", record.bytes_in)],
    ["received", sizeOf(record, "response", record.bytes_out)],
    ["not whole", record.truncated?.join(", ")],
    [
      "workload",
      workload && [workload.namespace, workload.pod, workload.container, workload.node].filter(Boolean).join(", "),
    ],
    ...(record.kind === "stream" ? streamFacts(record) : []),
    ["frames not read on", record.kind === "socket" ? record.lost : undefined],
    ...(record.kind === "socket" && record.close !== undefined
      ? [["closed", `${record.close.code} ${record.close.reason}`] as const]
      : []),
  ]
}

const streamFacts = ({ guess, lost }: { readonly guess?: string | undefined; readonly lost?: string | undefined }) =>
  [
    ["looks like", guess],
    ["not read on", lost],
  ] as const

const sizeOf = (record: CaptureRecord, side: "request" | "response", passed: number): string => {
  const body = isHttp(record) ? record[side]?.body : undefined
  return body?.coding === undefined
    ? sizeText(passed)
    : `${sizeText(passed)}, without its coding ${sizeText(body.size)}`
}

/** What the log says of a row of which there is no record. */
export const RowOverview = ({ told }: { readonly told: Told }) => (
  <>
    <Timing stages={stagesOf(told)} ticks={[]} />
    <dl>
      {Object.entries(told)
        .filter(([, value]) => value !== null && value !== undefined && value !== "")
        .map(([field, value]) => (
          <Fragment key={field}>
            <dt>
              {field.replace(/^t_(.*)/, "$1 time").replaceAll("_", " ")}
              <Colour field={field} />
            </dt>
            <dd>{shown(field, value)}</dd>
          </Fragment>
        ))}
    </dl>
  </>
)

/** The colour that a stage has in the bar. */
const Colour = ({ field }: { readonly field: string }) => {
  const stage = stageOfField(field)
  return stage === undefined ? null : <i class={`stage-${stage}`} />
}

const shown = (field: string, value: unknown): string => {
  if (typeof value !== "number") return visibleLine(String(value))
  if (field.startsWith("bytes_")) return bytes(value)
  return field.startsWith("t_") || field === "age" ? duration(value) : String(value)
}

/** One piece a stage, as wide as it took, with a tick for each piece of the answer; nothing for what is still open. */
const Timing = ({
  stages,
  ticks,
}: {
  readonly stages: ReadonlyArray<Stage>
  readonly ticks: ReadonlyArray<number>
}) => {
  if (stages.length === 0) return null
  const words = stages.map(({ name, milliseconds }) => `${name} ${duration(milliseconds)}`)
  return (
    <>
      <div class="timing" role="img" aria-label={words.join(", ")}>
        {stages.map(({ name, share }, i) => (
          <span key={name} class={`stage-${name}`} style={{ flexGrow: String(share) }} title={words[i] ?? ""} />
        ))}
        {ticks.map((place) => (
          <i key={place} class="tick" style={{ left: `${place * 100}%` }} />
        ))}
      </div>
      <p class="stages">
        {stages.map(({ name, milliseconds }) => (
          <span key={name}>
            <i class={`stage-${name}`} />
            {name} {duration(milliseconds)}
          </span>
        ))}
      </p>
    </>
  )
}
