export { BUSYBOX_IMAGE, CLAUDE_IMAGE, DEBIAN_IMAGE } from '../../docker/scripts/images.mjs'
