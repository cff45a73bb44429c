/** Starts metalearn from the folder that it was unpacked into, wherever that is. */
export const launcher = `#!/bin/sh
case $0 in */*) here=$(cd -- "\${0%/*}" && pwd) ;; *) here=$(pwd) ;; esac
METALEARN_CACHE=$here/cache
export METALEARN_CACHE
exec "$here/bin/node" "$here/node_modules/@metalearn/cli/bin/metalearn.js" "$@"
`;

/** The name of the archive, before the numbers of its parts. */
export const archiveName = "metalearn.tar.gz";

/** Name of the file that `sha256sum -c` reads. */
export const checksumsName = "SHA256SUMS";

/**
 * POSIX shell script that joins, verifies and unpacks the parts.
 *
 * @param title      shown to the user: `metalearn 1.0.0 (cuda) for linux-x64`
 * @param unpackedMb megabytes that the unpacked files take on disk
 */
export function unpackScript(title: string, unpackedMb: number): string {
  return `#!/bin/sh
# Unpacks ${title} into a folder, without network: sh unpack.sh FOLDER
# The folder takes ${unpackedMb} MB and may be moved later.
set -eu
fail() {
  echo "$1" >&2
  exit 1
}
[ $# -eq 1 ] || fail "Usage: sh unpack.sh FOLDER, where ${unpackedMb} MB are free."
case $0 in */*) parts=$(cd -- "\${0%/*}" && pwd) ;; *) parts=$(pwd) ;; esac
for tool in cat tar gzip sha256sum mkdir; do
  command -v $tool >/dev/null || fail "Unpacking needs the program $tool, which is not here."
done
[ ! -e "$1/metalearn" ] || fail "$1 holds metalearn already. Remove it, or choose another folder."
echo "Checking the parts of ${title}."
report=$(cd "$parts" && sha256sum -c ${checksumsName} 2>&1) || fail "$report
Parts are missing or damaged: copy them again."
mkdir -p "$1"
target=$(cd -- "$1" && pwd)
echo "Unpacking into $target."
cat "$parts"/${archiveName}.* | gzip -dc | tar -xf - -C "$target"
"$target/metalearn" --version >/dev/null ||
  fail "Node.js does not run here: it needs Linux with glibc 2.28 and libstdc++ of GCC 11, or newer."
echo "Ready. See what this machine has: $target/metalearn doctor"
`;
}
