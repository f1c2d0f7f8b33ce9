export const BUSYBOX_IMAGE: string
export const DEBIAN_IMAGE: string
export const CLAUDE_IMAGE: string

export function ensureImages(
  endpoint: string,
  names?: ('busybox' | 'debian' | 'claude-code')[],
): Promise<void>
export function copyImage(from: string, to: string, name: string): Promise<void>
