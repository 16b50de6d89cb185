/**
 * Format: numbers for people. Three digits are enough to compare by eye.
 */

/** `0 B`, `1.2 kB`, `34 MB`, in powers of 1000. */
export const bytes = (count: number): string => scaled(count, ["B", "kB", "MB", "GB", "TB", "PB"])

/** `0`, `12`, `1.2 k`; between 0 and 10 with one decimal, so that a slow trickle is not nothing. */
export const count = (value: number): string => {
  if (value > 0 && value < 10 && !Number.isInteger(value)) return value < 0.1 ? "<0.1" : value.toFixed(1)
  return scaled(value, ["", "k", "M", "G", "T", "P"])
}

/** `100 %`, `99.9 %`; never 100 % where something failed, nor 0 % where something did not. */
export const percent = (share: number): string => {
  if (share === 0 || share === 1) return `${share * 100} %`
  return `${Math.min(99.9, Math.max(0.1, share * 100)).toFixed(1)} %`
}

/** `1,234`. */
export const whole = (value: number): string => String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",")

/** `0.25 ms`, `12 ms`, `3.4 s`, `2 m 05 s`, `3 h 12 m`, `2 d 04 h`. */
export const duration = (milliseconds: number): string => {
  if (milliseconds < 1) return `${milliseconds.toFixed(2)} ms`
  if (milliseconds < 10) return `${milliseconds.toFixed(1)} ms`
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`
  if (milliseconds < 59_950) return `${(milliseconds / 1000).toFixed(1)} s`
  const seconds = Math.round(milliseconds / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${twoDigits(seconds % 60)} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${twoDigits(minutes % 60)} m`
  return `${Math.floor(minutes / 1440)} d ${twoDigits(Math.floor(minutes / 60) % 24)} h`
}

/** The time of day here, `03:04:05`. */
export const clock = (milliseconds: number): string => {
  const time = new Date(milliseconds)
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map(twoDigits).join(":")
}

const scaled = (value: number, units: ReadonlyArray<string>): string => {
  let rest = value
  let unit = 0
  // 999.5 would be shown as 1000.
  while (rest >= 999.5 && unit < units.length - 1) {
    rest /= 1000
    unit++
  }
  const digits = unit > 0 && rest < 9.95 ? rest.toFixed(1) : String(Math.round(rest))
  return `${digits} ${units[unit] ?? ""}`.trimEnd()
}

const twoDigits = (value: number): string => String(value).padStart(2, "0")
