/** Calls `work` with 0, 1, … below `count`, `width` of them at a time. */
export async function inParallel(count, width, work) {
  let next = 0
  const worker = async () => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: width }, worker))
}
