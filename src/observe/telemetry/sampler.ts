/**
 * Sampler: of which requests spans are exported, as OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG say. Pure.
 */

/**
 * Whether the span of a request is exported: `parent` says whether who sent it has recorded the trace, and is undefined
 * where it came without one.
 */
export type Sampler = (traceId: string, parent: boolean | undefined) => boolean

/** Bits of a trace id that are random by W3C Trace Context level 2, of which a ratio is taken. */
const randomBits = 56
/** Digits of a trace id that are exact as a number; what is left of the random ones is less than 1 in 10^15. */
const digits = 13
const firstDigit = 32 - randomBits / 4

const always: Sampler = () => true
const never: Sampler = () => false

/**
 * The same traces for everybody who takes the same ratio, and with a smaller one some of those: a trace is sampled where
 * its random part is not below the rest.
 */
const ratioOf =
  (ratio: number): Sampler =>
  (traceId) =>
    Number.parseInt(traceId.slice(firstDigit, firstDigit + digits), 16) >= (1 - ratio) * 16 ** digits

/** Who sent the request decides; only of a request without a trace `root` does. */
const byParent =
  (root: Sampler): Sampler =>
  (traceId, parent) =>
    parent ?? root(traceId, parent)

/** Makes the sampler that the variables name; `warn` hears of what makes no sense, and stands for the default then. */
export const makeSampler = (
  { OTEL_TRACES_SAMPLER: name = "parentbased_always_on", OTEL_TRACES_SAMPLER_ARG: argument }: SamplerVariables,
  warn: (message: string) => void,
): Sampler => {
  const ratio = (): number => {
    const given = argument === undefined ? 1 : Number(argument)
    if (given >= 0 && given <= 1) return given
    warn(`OTEL_TRACES_SAMPLER_ARG ${JSON.stringify(argument)} is taken as 1: it is no number from 0 to 1`)
    return 1
  }
  switch (name.toLowerCase()) {
    case "always_on":
      return always
    case "always_off":
      return never
    case "traceidratio":
      return ratioOf(ratio())
    case "parentbased_always_on":
      return byParent(always)
    case "parentbased_always_off":
      return byParent(never)
    case "parentbased_traceidratio":
      return byParent(ratioOf(ratio()))
  }
  warn(`OTEL_TRACES_SAMPLER ${JSON.stringify(name)} is not known, and taken as parentbased_always_on`)
  return byParent(always)
}

export interface SamplerVariables {
  readonly OTEL_TRACES_SAMPLER?: string | undefined
  readonly OTEL_TRACES_SAMPLER_ARG?: string | undefined
}
