export interface AptSource {
  uris: string[]
  suites: string[]
  components: string[]
}

export function parseOneLine(text: string): AptSource[]
export function parseDeb822(text: string): AptSource[]
export function debianArchives(
  sources: AptSource[],
  codename: string,
): { main: string | undefined; security: string | undefined }
