import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The package archives that this machine's own apt uses. */
export function readAptSources(aptDir = '/etc/apt') {
  const files = [join(aptDir, 'sources.list'), ...listDir(join(aptDir, 'sources.list.d'))]
  return files.flatMap((path) => {
    const parse = path.endsWith('.sources') ? parseDeb822 : path.endsWith('.list') ? parseOneLine : () => []
    return parse(readText(path))
  })
}

/** `deb [options] uri suite component…`, a line each. */
export function parseOneLine(text) {
  const sources = []
  for (const line of text.split('\n')) {
    const match = /^deb\s+(?:\[[^\]]*\]\s*)?(\S+)\s+(\S+)\s*([^#]*)/.exec(line.trim())
    if (match) sources.push({ uris: [match[1]], suites: [match[2]], components: words(match[3]) })
  }
  return sources
}

/** Paragraphs of `Field: value`, as in RFC 822; a line that begins with a blank continues the field. */
export function parseDeb822(text) {
  const sources = []
  const withoutComments = text.replace(/^#.*\n?/gm, '')
  for (const paragraph of withoutComments.split(/\n\s*\n/)) {
    const fields = {}
    for (const line of paragraph.replace(/\n[ \t]+/g, ' ').split('\n')) {
      const colon = line.indexOf(':')
      if (colon > 0) fields[line.slice(0, colon).trim().toLowerCase()] = words(line.slice(colon + 1))
    }
    if (!fields.types?.includes('deb') || fields.enabled?.[0]?.toLowerCase() === 'no') continue
    sources.push({
      uris: fields.uris ?? [],
      suites: fields.suites ?? [],
      components: fields.components ?? [],
    })
  }
  return sources
}

/** Where `codename`'s packages come from on this machine: `{ main, security }`, each a URI or undefined. */
export function debianArchives(sources, codename) {
  const uriOf = (suite) => {
    const fits = (source) => source.suites.includes(suite) && source.components.includes('main')
    return sources.find(fits)?.uris.find((uri) => /^https?:/.test(uri))
  }
  return { main: uriOf(codename), security: uriOf(`${codename}-security`) }
}

function words(text) {
  return text.trim().split(/\s+/).filter(Boolean)
}

function listDir(dir) {
  try {
    return readdirSync(dir).map((name) => join(dir, name))
  } catch {
    return []
  }
}

function readText(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
