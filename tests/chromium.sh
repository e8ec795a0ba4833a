#!/bin/sh
# Browser tests need a Chromium. Where we may, Debian's is installed; elsewhere the tests that need it are skipped.
set -eu
if [ -n "${CHROMIUM:-}" ] || [ -x /usr/bin/chromium ]; then
  exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing Chromium for the browser tests"
  if apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium >/dev/null; then
    exit 0
  fi
fi
echo "No Chromium: the browser tests will be SKIPPED. 'apt-get install chromium' brings it, or set CHROMIUM=/path/to/chromium" >&2
