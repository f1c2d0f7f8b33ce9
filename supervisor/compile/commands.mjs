/** The command lines of each kind of compiler; the same ones here and in the engine. */

const NAMES = {
  x64: { triplet: 'x86_64-linux-gnu', musl: 'x86_64-linux-musl' },
  arm64: { triplet: 'aarch64-linux-gnu', musl: 'aarch64-linux-musl' },
}

const LINK = ['-Wl,--gc-sections', '-Wl,-z,now', '-Wl,-z,noexecstack', '-s']

/**
 * One segment for code and constants, which saves pages. On arm64, where pages may have 64 KiB, GNU's linker fills
 * the file up to such a page for a read-only part that has less than 1 KiB.
 */
const LINK_GNU = {
  x64: ['-Wl,-z,noseparate-code', '-Wl,-z,relro'],
  arm64: ['-Wl,-z,noseparate-code', '-Wl,-z,norelro'],
}

const versionFlag = (version) => `-DSUPERVISOR_VERSION="${version}"`

export const gccName = (architecture) => `${NAMES[architecture].triplet}-gcc`
export const muslFolder = (architecture) => `/usr/lib/${NAMES[architecture].musl}`

/**
 * Debian's gcc against Debian's musl-dev. Not by way of musl-gcc: it exists for the machine's own architecture
 * alone, and links no static position-independent programs.
 */
export function gccCommand(architecture, { flags, version, files, output }) {
  const { musl } = NAMES[architecture]
  const part = (name) => `${muslFolder(architecture)}/${name}`
  return [
    gccName(architecture),
    ...flags,
    versionFlag(version),
    ...['-nostdinc', '-isystem', `/usr/include/${musl}`],
    ...['-static-pie', '-nostartfiles', '-nodefaultlibs', ...LINK, ...LINK_GNU[architecture]],
    ...['-o', output, part('rcrt1.o'), part('crti.o'), ...files],
    ...[part('libc.a'), '-lgcc', part('libc.a'), part('crtn.o')],
  ]
}

export function zigCommand(zig, architecture, { flags, version, files, output }) {
  const target = ['-target', NAMES[architecture].musl]
  return [
    ...zig,
    'cc',
    ...target,
    ...flags,
    versionFlag(version),
    '-static',
    ...LINK,
    '-Wl,-z,relro',
    '-o',
    output,
    ...files,
  ]
}
