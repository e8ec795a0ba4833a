#!/bin/sh
# Builds the control plane of the tests, once for each set of versions, outside of this tree; the last line is its folder.
# `--where` only says which folder that is. Exit code 3: there is no Go that can build it, so its tests are skipped.
set -eu
cd "$(dirname "$0")"
hash=$(cat go.mod go.sum tools.go build.sh | { sha256sum 2>/dev/null || shasum -a 256; } | cut -c1-16)
cache="${XDG_CACHE_HOME:-$HOME/.cache}/mlops-console/control-plane"
folder="$cache/$hash"
if [ "${1:-}" = --where ] || [ -d "$folder" ]; then
  echo "$folder"
  exit 0
fi

export CGO_ENABLED=0 GOFLAGS=-buildvcs=false GOWORK=off
needed=$(sed -n 's/^go //p' go.mod)
if ! command -v go >/dev/null; then
  echo "No Go: the tests on a real control plane will be SKIPPED. They need Go $needed or newer" >&2
  exit 3
fi
if ! go list -m >/dev/null 2>&1; then
  echo "$(go version) is too old: the tests on a real control plane will be SKIPPED. They need Go $needed or newer" >&2
  exit 3
fi

echo "Building a control plane for the tests in $folder, once; this takes some minutes" >&2
version=$(go list -m -f '{{.Version}}' k8s.io/kubernetes)
minor=$(echo "$version" | cut -d. -f2)
flags="-s -w"
for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
  for value in "gitVersion=$version" gitMajor=1 "gitMinor=$minor" gitTreeState=clean; do
    flags="$flags -X $package.$value"
  done
done
mkdir -p "$cache"
begun=$(mktemp -d "$cache/begun-XXXXXX")
trap 'rm -rf "$begun"' EXIT
trap 'exit 1' HUP INT TERM
go build -p 2 -trimpath -ldflags "$flags" -o "$begun/" tool
mv "$begun/server" "$begun/etcd"
mkdir "$begun/gateway-api"
cp "$(go list -m -f '{{.Dir}}' sigs.k8s.io/gateway-api)"/config/crd/standard/*.yaml "$begun/gateway-api"
chmod -R u+rwX,go+rX "$begun"
# Whoever was faster has built the same; a move into their folder is taken back.
[ -d "$folder" ] || mv "$begun" "$folder"
rm -rf "$folder/${begun##*/}"
echo "$folder"
