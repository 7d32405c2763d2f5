#!/bin/sh
#
# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# The library by itself: a copy of this directory alone is built and installed,
# and what the README says is done with that.
#
#     test-alone.sh O200K_BASE.llmv

set -eu

image=$(realpath "$1")
here=$(cd "$(dirname "$0")/.." && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
unset MAKEFLAGS MFLAGS

fail() {
    echo "not ok - $*" >&2
    exit 1
}

mkdir -p "$dir/build/vocab" "$dir/copy"
cp "$image" "$dir/build/vocab/o200k_base.llmv"
cp -r "$here/Makefile" "$here/include" "$here/src" "$here/tools" "$dir/copy/"

"${MAKE:-make}" -s -C "$dir/copy" BUILD="$dir/build" CFLAGS=-O0 PREFIX=/opt/x \
    DESTDIR="$dir/root" install
root=$dir/root/opt/x
b=$dir/build/tokenizer


# nothing but what the header says is seen, and that all of it

nm -D --defined-only "$root/lib/libllm_tokenizer.so" | sed 's/.* //' | sort \
    > "$dir/seen"
tr '\n' ' ' < "$here/include/llm_tokenizer.h" | sed 's/\/\*/\n/g' \
    | sed 's/.*\*\///' | grep -o 'llm_[a-z_]*(' | tr -d '(' | sort -u \
    > "$dir/said"
diff "$dir/said" "$dir/seen" || fail "symbols"

nm -g --defined-only "$root/lib/libllm_tokenizer.a" \
    | awk 'NF == 3 && $3 !~ /^llm_/ { print; bad = 1 } END { exit bad }' \
    || fail "a symbol without a prefix"
echo "ok - symbols"


# no global state: nothing can be written to

size -A "$root/lib/libllm_tokenizer.a" \
    | awk '$1 ~ /^\.t?(data|bss)$/ && $2 { print; bad = 1 }
           END { exit bad }' || fail "there is global state"
echo "ok - no global state"


# the README's program, with both libraries and as C++

sed -n '/^```c$/,/^```$/p' "$here/README.md" | grep -v '^```' > "$dir/count.c"
export PKG_CONFIG_LIBDIR="$root/lib/pkgconfig:$(pkg-config --variable \
    pc_path pkg-config)"

flags() {
    pkg-config --define-variable=prefix="$root" \
        --define-variable=libdir="$root/lib" "$@" llm_tokenizer
}

says() {
    said=$(echo 'Hello, world' | LD_LIBRARY_PATH=$root/lib "$1" "$image")
    [ "$said" = 4 ] || fail "$2: $said"
    echo "ok - $2"
}

${CC:-cc} -Wall -Wextra -Werror "$dir/count.c" $(flags --cflags --libs) \
    -o "$dir/shared"
says "$dir/shared" "shared"

${CC:-cc} "$dir/count.c" $(flags --cflags) "$root/lib/libllm_tokenizer.a" \
    -lpcre2-8 -o "$dir/static"
says "$dir/static" "static"

${CXX:-c++} -x c++ -std=c++17 -pedantic -Wall -Wextra -Werror "$dir/count.c" \
    $(flags --cflags --libs) -o "$dir/cxx"
says "$dir/cxx" "C++"


# the tools

[ "$(echo 'Hello, world' | "$root/bin/llm-tokens" -d "$root/share/llm-cost/vocab" \
    -m gpt-4o | awk '{ print $1 }')" = 4 ] || fail "llm-tokens"
grep -q '^\.Nm llm-tokens' "$root/share/man/man1/llm-tokens.1" || fail "manual"
[ -f "$root/share/man/man1/llm-vocab.1" ] && [ -x "$root/bin/llm-vocab" ] \
    || fail "llm-vocab"
strings "$root/bin/llm-tokens" | grep -qx '/opt/x/share/llm-cost/vocab' \
    || fail "llm-tokens looks elsewhere"
echo "ok - tools"
