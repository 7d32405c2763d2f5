#!/bin/sh
#
# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# build-deb.sh BUILD-DIRECTORY
#
# Debian packages, in BUILD-DIRECTORY/deb, of a copy of this tree and of the
# vocabularies that are in BUILD-DIRECTORY; looked at by lintian.
#
# Vocabularies whose makers have terms of their own are left out, because who
# has a package may pass it on: docs/packages.md says how to add them.

set -eu

mkdir -p "$1/deb"
out=$(cd "$1" && pwd)
root=$(cd "$(dirname "$0")/.." && pwd)
dir=$out/deb

rm -rf "$dir"
mkdir -p "$dir/src/debian/vocab"

cd "$root"
tar -cf - --exclude=./build --exclude=./.git --exclude=node_modules \
    --exclude='./t/servroot*' . | tar -xf - -C "$dir/src"

for name in $(sed -n 's/^\([a-z0-9][^ ]*\) .*/\1/p' tokenizer/vocab/manifest)
do
    case $name in
        llama3 | deepseek_v3) ;;
        *) cp "$out/vocab/$name.llmv" "$dir/src/debian/vocab/" ;;
    esac
done

cd "$dir/src"

dpkg-buildpackage -b -us -uc > "$dir/build.log" 2>&1 || {
    tail -n 30 "$dir/build.log" >&2
    exit 1
}

cd "$dir"

lintian --allow-root --fail-on error,warning --tag-display-limit 0 *.changes

rm -rf src
ls *.deb
