/** A callback of the user's that throws must not be taken for a fault of the connection. */
export function shielded(call: () => void): void {
  try {
    call()
  } catch (error) {
    process.nextTick(() => {
      throw error
    })
  }
}
