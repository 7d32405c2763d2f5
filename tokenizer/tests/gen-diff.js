/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Writes texts and the ids that a reference gives them, for diff.c:
 *
 *     node gen-diff.js VOCABULARY SEED BYTES [LIST] > FILE
 *
 * VOCABULARY is the name of one of npm's tiktoken, "claude" of
 * @anthropic-ai/tokenizer, "mistral" of mistral-tokenizer-js, or the path of a
 * tokenizer.json, which @lenml/tokenizers reads.
 *
 * LIST, one of tests/pcre2, names code points that are left out.
 *
 * FILE has, per text: length, bytes, number of ids, ids (32 bits each, in
 * the machine's order).  The fixed part (each assigned code point, runs) is
 * written when SEED is 1; BYTES is how much generated text follows.
 */

'use strict';

const fs = require('fs');
const { get_encoding } = require('tiktoken');
const { CLASSES, members } = require('../tools/gen-class.js');

const name = process.argv[2];
const bytes = Number(process.argv[4]);
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

let state = Number(process.argv[3]) * 2654435761 >>> 0;
let out = [];
let size = 0;


function random(n) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;

    return state % n;
}

function pick(list) {
    return list[random(list.length)];
}

function times(n, make) {
    return Array.from({ length: n }, make).join('');
}


function flush() {
    fs.writeSync(1, Buffer.concat(out));
    out = [];
}

function record(made) {
    let raw = Buffer.isBuffer(made) ? made : Buffer.from(made, 'utf8');
    let text = decoder.decode(raw);

    if (unlike && unlike.test(text)) {
        text = text.replaceAll(unlike, '');
        raw = Buffer.from(text, 'utf8');
    }

    const ids = encode(text);
    const head = Buffer.from(new Uint32Array([raw.length]).buffer);
    const count = Buffer.from(new Uint32Array([ids.length]).buffer);

    out.push(head, raw, count,
             Buffer.from(ids.buffer, ids.byteOffset, ids.byteLength));
    size += raw.length;

    if (out.length > 4096) {
        flush();
    }
}


const SENTENCES = [
    'The seventh train left late, didn\'t it? We\'ll wait; they\'re coming.',
    'Der Zähler läuft weiter, obwohl niemand mehr im Büro sitzt.',
    'L\'été dernier, j\'ai compté vingt-deux hérons près de l\'écluse.',
    'El año pasado llovió más de lo que nadie esperaba, ¿verdad?',
    'A última conta não bateu: faltavam três cêntimos.',
    'Il caffè è già freddo, perché nessuno l\'ha bevuto.',
    'De rekening klopt niet helemaal; zo\'n 0,5% ontbreekt.',
    'Räkningen på åtta kronor överraskade ingen.',
    'Regningen på elleve øre ble aldri betalt.',
    'Lasku saapui viikkoa myöhemmin kuin yöllä luvattiin.',
    'Za każdą zużytą jednostkę płacimy według cennika, źdźbło po źdźble.',
    'Příliš mnoho žádostí přišlo najednou během čtvrtka.',
    'A számláló hétfőn éjfélkor nulláról indul újra.',
    'Numărătoarea începe luni și se încheie vineri, fără întârziere.',
    'Sayaç gece yarısı sıfırlanır; İstanbul\'da ışıklar söner.',
    'Bộ đếm được đặt lại vào nửa đêm mỗi ngày.',
    'Счётчик обнуляется в полночь, а отчёт приходит утром.',
    'Лічильник скидається опівночі, її звіт — вранці.',
    'Броячът се нулира в полунощ.',
    'Ο μετρητής μηδενίζεται τα μεσάνυχτα κάθε ημέρας.',
    'המונה מתאפס בחצות, והדו״ח נשלח בבוקר.',
    'يُعاد ضبط العدّاد عند منتصف الليل، ويصل التقرير صباحًا.',
    'شمارنده نیمه‌شب صفر می‌شود.',
    'गिनती आधी रात को शून्य हो जाती है।',
    'গণনা মধ্যরাতে শূন্যে ফিরে যায়।',
    'எண்ணிக்கை நள்ளிரவில் பூஜ்ஜியமாகிறது.',
    'ตัวนับจะเริ่มใหม่ตอนเที่ยงคืนของทุกวัน',
    '计数器在午夜归零，报告于早晨送达。共计１２３项，约４５％。',
    '計數器每天凌晨重新開始，帳單在月底寄出。',
    'カウンターは真夜中にリセットされ、ＡＢＣ社へ報告が届きます。',
    '카운터는 자정에 초기화되고 보고서는 아침에 도착합니다.',
    'მრიცხველი შუაღამისას ნულდება։ Հաշվիչը զրոյանում է։',
    'ቆጣሪው እኩለ ሌሊት ላይ ወደ ዜሮ ይመለሳል።',
    'int main(void)\n{\n\tfor (i = 0; i < n; i++) {\n\t\tx[i] += y[i];\n\t}\n',
    'def countTokens(self, text: str) -> int:\n    """D."""\n    return 0\n\n',
    'const HTTPServer = async (req, res) => { res.end(`${a}:${b}`); };\r\n',
    '<div class="a-b__c">&nbsp;<!-- note --></div>\n\n\n<br/>\n',
    '{"model":"gpt-4o","messages":[{"role":"user","content":"Hi\\n"}]}',
    'SELECT "userID", COUNT(*) FROM t_2024 WHERE x <> \'it\'\'s\';',
    'https://example.org/a/b?c=d%20e&f=1#g  192.168.10.255:8080\t// end\n',
    '| a | b |\n|---|---|\n| 1 | 2,000.50 |\n\n- **bold**, `code`\n    - x\n',
    '# include <stdio.h>\n//////// ---- ==== \\\\\\\\ \n:\n/usr/bin\n//\n',
];

const TRICKY = [
    '\'s', '\'S', '\'ll', '\'LL', '\'lL', '\'re', '\'VE', '\'d', '\'m', '\'t',
    '\'\u017f', '\'x', '\'', '\'\'', ' ', '  ', '   ', '\t', '\n', '\r', '\r\n',
    '\n\n', ' \n', '\n ', '\u00a0', '\u0085', '\u180e', '\u2003', '\u2028',
    '\u3000', '\ufeff', '\u200b', '\u200d', '\v', '\f', '\x1c', '\0', '\x7f',
    'a', 'b', 'A', 'B', 'aB', 'Ab', 'ABc', 'abc', 'ABC', '日', '本', '語',
    'ǅ', 'ʰ', 'ª', 'ʕ', '\u0301', '\u0300\u0302', 'e\u0301', 'İ', 'ı', 'ß',
    '\u0323\u0307', '\u0345\u0334', '\u1100\u1161\u11a8', '\uac00\u11a8',
    '\u212b', 'a\u0302\u0323', '\u09c7\u09be', '=\u0338', '\u1e9b\u0323',
    '\u2000', '\u0958',
    'K', 'ſ', '1', '12', '123', '1234', '١', '²', '½', 'Ⅷ', '９', '一', '!',
    '?', '.', '...', '/', '//', '/\n', '-', '_', '(', ')', '":', '\\', '#', '،',
    '，', '。', '「', '—', '😀', '👩\u200d👩\u200d👧', '🇩🇪', '👍🏽', '️', '©', '€',
    'ก', 'ำ', 'ि', '가', 'ㄱ', 'あ', 'ア', 'ﾊ', 'я', 'Я', 'Σ', 'ς', 'ა', 'Ა',
    '<b>', '</b>', '<b', '\u2581', '\u2581\u2581', '<0x41>', '<unused7>', '>  <',
    '\n'.repeat(40), '\t\t\t', '<|endoftext|>', '<|im_start|>', '\ufffd',
    '\u{10ffff}', '\u{1d400}', '𝒳',
];

const UNITS = [
    'a', 'A', ' ', '\n', '\t', '^', '-', '=', '1', 'é', '中', '😀', 'ab', 'aB',
    ' a', '\u0301', '\u00a0', '\r\n', '/', '\'s', '的',
];

const LENGTHS = [
    1, 2, 3, 4, 5, 7, 8, 9, 13, 15, 16, 17, 31, 32, 33, 62, 63, 64, 65, 66,
    127, 128, 129, 255, 256, 511, 1000, 2100,
];


/* texts of the vocabulary's own tokens meet each of its tables */

const ranks = [];
let encode;
let unlike = null;

function token() {
    const limit = random(3) ? 5000 : ranks.length;

    return ranks[random(Math.min(limit, ranks.length))];
}

function loadRanks(data) {
    for (const line of data.bpe_ranks.split('\n')) {
        for (const item of line.split(' ').slice(2)) {
            ranks.push(Buffer.from(item, 'base64'));
        }
    }
}

function loadTiktoken() {
    const path = require.resolve(`tiktoken/encoders/${name}.json`);
    const enc = get_encoding(name);

    loadRanks(JSON.parse(fs.readFileSync(path)));
    encode = (text) => enc.encode_ordinary(text);
}


/* the text is normalized as the package's countTokens() does */

function loadClaude() {
    const enc = require('@anthropic-ai/tokenizer').getTokenizer();

    loadRanks(require('@anthropic-ai/tokenizer/claude.json'));
    encode = (text) => enc.encode_ordinary(text.normalize('NFKC'));
}


/* bytes as byte-level encodings write them */

function byteAlphabet() {
    const map = new Map();
    let next = 0x100;

    for (let b = 0; b < 256; b++) {
        const prints = b > 0x20 && b < 0x7f || b > 0xa0 && b !== 0xad;

        map.set(String.fromCharCode(prints ? b : next++), b);
    }

    return map;
}


/*
 * Code points that this reference takes for something else than tiktoken's
 * tables do: it has the classes of node, whose \s is not that of Unicode, and
 * U+017F is no s to it.
 */

function listed() {
    const lines = process.argv[5]
        ? fs.readFileSync(process.argv[5], 'utf8').split('\n') : [];

    return lines.flatMap((line) => {
        const [from, to] = line.split('-').map((hex) => parseInt(hex, 16));

        return /^[0-9A-F]+(-[0-9A-F]+)?$/.test(line)
            ? Array.from({ length: (to || from) - from + 1 },
                         (_, i) => String.fromCodePoint(from + i))
            : [];
    });
}

function unlikeTiktoken() {
    const every = Array.from({ length: 0x110000 }, (_, c) =>
        c >= 0xd800 && c <= 0xdfff ? '' : String.fromCodePoint(c)).join('');
    const other = new Set(['\u017f', ...listed()]);

    for (const [pattern] of CLASSES) {
        const mine = new Set(every.match(new RegExp(pattern, 'gu')));
        const theirs = new Set(members(pattern).map(
            (c) => String.fromCodePoint(c)));

        for (const ch of [...mine, ...theirs]) {
            if (!mine.has(ch) || !theirs.has(ch)) {
                other.add(ch);
            }
        }
    }

    return new RegExp(`[${[...other].map((ch) =>
        `\\u{${ch.codePointAt(0).toString(16)}}`).join('')}]`, 'gu');
}


function loadHuggingFace() {
    const { TokenizerLoader } = require('@lenml/tokenizers');
    const tokenizerJSON = JSON.parse(fs.readFileSync(name));
    const { vocab, byte_fallback } = tokenizerJSON.model;
    const alphabet = byteAlphabet();

    /* what a user writes is never control, but user-defined symbols are text */

    tokenizerJSON.added_tokens = !byte_fallback ? []
        : tokenizerJSON.added_tokens.filter(
              (t) => !t.special && vocab[t.content] === t.id);
    unlike = byte_fallback ? null : unlikeTiktoken();

    const tokenizer = TokenizerLoader.fromPreTrained({
        tokenizerJSON, tokenizerConfig: {},
    });

    encode = (text) => new Uint32Array(
        tokenizer.encode(text, { add_special_tokens: false }));

    for (const token of Object.keys(vocab)) {
        const raw = [...token].map((ch) => alphabet.get(ch));

        if (byte_fallback) {
            ranks.push(Buffer.from(token.replaceAll('\u2581', ' ')));

        } else if (!raw.includes(undefined)) {
            ranks.push(Buffer.from(raw));
        }
    }
}


async function loadMistral() {
    const { default: mistral } = await import(
        require.resolve('mistral-tokenizer-js'));

    for (const token of mistral.vocabById) {
        ranks.push(Buffer.from(token.replaceAll('\u2581', ' ')));
    }

    encode = (text) => new Uint32Array(mistral.encode(text, false));
}


function codePoint() {
    const c = random(pick([0x80, 0x250, 0x800, 0x3100, 0x10000, 0x110000]));

    return c >= 0xd800 && c <= 0xdfff ? 'x' : String.fromCodePoint(c);
}

function mixed(parts) {
    return times(2 + random(parts), () => pick([
        () => pick(SENTENCES), () => pick(TRICKY), codePoint,
        () => pick(SENTENCES).slice(random(20), 20 + random(40)),
        () => decoder.decode(token()),
    ])());
}

function anyBytes(n) {
    return Buffer.from(Array.from({ length: n }, () => pick([
        random(256), 0x80 + random(0x40), 0xc0 + random(0x40),
        0x20 + random(95), 0xe2, 0xf0, 0xed, 0xc5, 0x27,
    ])));
}

function cut(text) {
    const raw = Buffer.from(text);
    const from = random(raw.length);

    return raw.subarray(from, from + random(raw.length - from) + 1);
}

const LETTERS = 'etaoinshrdlucmfwypvbgkjqxz';

const MAKERS = [
    () => times(1 + random(60), () => pick(SENTENCES) + pick([' ', '\n', ''])),
    () => cut(times(1 + random(8), () => pick(SENTENCES) + ' ')),
    () => times(1 + random(40), () => pick(TRICKY)),
    () => times(1 + random(12), () => pick(TRICKY)),
    () => mixed(40),
    () => cut(mixed(20)),
    () => Buffer.concat(Array.from({ length: 1 + random(80) }, token)),
    () => Buffer.concat(Array.from({ length: 1 + random(10) }, token)),
    () => times(1 + random(200), () => String.fromCharCode(random(128))),
    () => times(1 + random(200), () => String.fromCharCode(32 + random(95))),
    () => times(1 + random(100), codePoint),
    () => anyBytes(1 + random(200)),
    () => Buffer.from(Array.from({ length: 60 }, () => random(256)))
              .toString(pick(['base64', 'hex', 'latin1'])),
    () => times(1 + random(300), () => LETTERS[random(26)]),
    () => times(1 + random(300), () => LETTERS[random(1 + random(4))]),
    () => times(1 + random(100), () => String.fromCodePoint(
              0x4e00 + random(pick([200, 20902])))),
    () => times(1 + random(100), () => String.fromCodePoint(
              0xac00 + random(11172))),
    () => pick(UNITS).repeat(1 + random(90)) + pick(TRICKY),
];


function fixed() {
    let text = '';

    for (let c = 0; c < 0x110000; c++) {
        const ch = String.fromCodePoint(c);

        if (c >= 0xd800 && c <= 0xdfff
            || c % 64 && !/\p{Assigned}/u.test(ch))
        {
            continue;
        }

        text += `a${ch}b${ch}${ch} ${ch}A${ch}1`;

        if (text.length > 400) {
            record(text);
            text = '';
        }
    }

    for (const unit of UNITS) {
        for (const n of LENGTHS) {
            record(unit.repeat(n));
            record(unit.repeat(n) + 'x');
            record('B' + unit.repeat(n) + ' y');
        }
    }
}


async function main() {
    if (name === 'claude') {
        loadClaude();

    } else if (name === 'mistral') {
        await loadMistral();

    } else if (name.endsWith('.json')) {
        loadHuggingFace();

    } else {
        loadTiktoken();
    }

    record('');

    if (process.argv[3] === '1') {
        fixed();
    }

    for (size = 0; size < bytes; ) {
        record(pick(MAKERS)());
    }

    flush();
}

main();
