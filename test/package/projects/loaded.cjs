// Prints which heavy packages are loaded after importing the package and touching nothing.
require('@anyon/containers')
const loaded = Object.keys(require.cache).filter((file) =>
  /node_modules[\\/](dockerode|docker-modem|ssh2)/.test(file),
)
console.log(JSON.stringify(loaded))
