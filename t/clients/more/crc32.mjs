// Copyright (C) 2026 the ngx_llm_cost_module authors

// CRC-32 as zlib has it, for Node versions whose zlib does not show it

const table = Uint32Array.from({ length: 256 }, (_, n) => {
    for (let k = 0; k < 8; k++) {
        n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
    }

    return n >>> 0;
});

export function crc32(bytes) {
    let crc = 0xffffffff;

    for (const byte of bytes) {
        crc = table[(crc ^ byte) & 0xff] ^ (crc >>> 8);
    }

    return (crc ^ 0xffffffff) >>> 0;
}
