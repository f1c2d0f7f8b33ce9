/**
 * @typedef {object} Bar A limit on one contender's median, or on its ratio to another's.
 * @property {string} what
 * @property {string} [of] The contender; default 'ours'.
 * @property {string} [against] The contender it is divided by.
 * @property {string} [over] A contender whose median is subtracted from both first.
 * @property {number} [atLeast]
 * @property {number} [atMost]
 * @property {string} [unit] Where it is not the benchmark's own.
 */

/**
 * Runs all contenders in turn, as many rounds as asked for, so that what disturbs the machine disturbs all alike.
 * The order turns with the round, and goes backwards in each second one: nobody is always the first after a pause,
 * nor always the one who comes after the same other, whose end may still keep the engine busy.
 *
 * @param {Record<string, () => Figure | Promise<Figure>>} contenders Each does its work once and gives its figure, or
 * several by name where one run gives them all.
 * @typedef {number | Record<string, number>} Figure
 */
export async function measure(contenders, rounds) {
  const names = Object.keys(contenders)
  const figures = {}
  const note = (name, figure) => {
    if (typeof figure === 'number') (figures[name] ??= []).push(figure)
    else for (const [part, value] of Object.entries(figure)) note(part, value)
  }
  for (const name of names) await contenders[name]() // not counted: the first run is the compiler's
  for (let round = 0; round < rounds; round++) {
    const turned = names.map((_, turn) => names[(round + turn) % names.length])
    for (const name of round % 2 === 0 ? turned : turned.reverse()) {
      note(name, await contenders[name]())
    }
  }
  return figures
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** One line of the result: the medians, their ratio, and whether the bar is met. */
export function judge({ what, of = 'ours', against, over, atLeast, atMost, unit }, figures, usualUnit) {
  const base = over === undefined ? 0 : median(figures[over])
  const ours = median(figures[of]) - base
  const theirs = against === undefined ? undefined : median(figures[against]) - base
  const ratio = theirs === undefined ? undefined : ours / theirs
  const value = ratio ?? ours
  const met = (atLeast === undefined || value >= atLeast) && (atMost === undefined || value <= atMost)
  const bar =
    atLeast !== undefined ? `>= ${short(atLeast)}` : atMost !== undefined ? `<= ${short(atMost)}` : ''
  return {
    what,
    of,
    against,
    unit: unit ?? usualUnit,
    ours,
    theirs,
    ratio,
    bar,
    met: bar === '' ? undefined : met,
  }
}

export function table(lines) {
  const rows = lines.map(({ what, of, against, unit, ours, theirs, ratio, bar, met }) => [
    what,
    `${of} ${short(ours)} ${unit}`,
    against === undefined ? '' : `${against} ${short(theirs)} ${unit}`,
    ratio === undefined ? '' : short(ratio),
    bar,
    met === undefined ? '' : met ? 'yes' : 'NO',
  ])
  const all = [['what', 'ours', 'theirs', 'ratio', 'bar', 'met'], ...rows]
  const widths = all[0].map((_, column) => Math.max(...all.map((row) => row[column].length)))
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function short(value) {
  return String(Number(value.toPrecision(3)))
}
