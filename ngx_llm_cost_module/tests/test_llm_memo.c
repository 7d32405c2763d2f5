
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * The memo of token counts: the hash beside a naive one, what leaves the table
 * and what stays, and that counting with it is counting without it.
 */

#include "openai_fixture.h"
#include "llm_memo_region.h"
#include "vocab_fixture.h"


#define REGION       (64 * 1024)
#define ONE_SET      (LLM_MEMO_SETS_OFF + sizeof(llm_memo_set_t))
#define MESSAGES     40


typedef struct {
    llm_memo_t       *memo;
    llm_memo_view_t   view;
} memo_t;


static void
begin(memo_t *m, size_t size)
{
    void  *mem;

    mem = aligned_alloc(4096, (size + 4095) / 4096 * 4096);
    assert_non_null(mem);

    m->memo = llm_memo_create(mem, size);
    assert_non_null(m->memo);

    llm_memo_open(m->memo, &m->view);
}


static void
end(memo_t *m)
{
    free(m->memo);
}


static llm_memo_key_t
key_of(const memo_t *m, const char *text)
{
    llm_memo_key_t  key;

    llm_memo_key(&m->view, "vocabulary", (const unsigned char *) text,
                 strlen(text), &key);
    return key;
}


/* keys that are all in one set need no texts */

static llm_memo_key_t
key_number(uint64_t i)
{
    llm_memo_key_t  key;

    key.h[0] = i * 0x9e3779b97f4a7c15ULL;
    key.h[1] = ~i * 0xd6e8feb86659fd93ULL;

    return key;
}


static void
test_region(void **state)
{
    memo_t                m, other;
    unsigned              i;
    const char           *err;
    llm_memo_view_t       view;
    static unsigned char  small[ONE_SET - 1] __attribute__((aligned(4096)));

    (void) state;

    assert_null(llm_memo_create(small, sizeof(small)));
    assert_null(llm_memo_create(small, 0));

    begin(&m, REGION);
    begin(&other, REGION);

    assert_memory_not_equal(&m.memo->secret, &other.memo->secret,
                            sizeof(llm_memo_secret_t));

    for (i = 0; i < 2; i++) {
        assert_true(m.memo->secret.r[i] < 1ULL << 61);
        assert_true(m.memo->secret.s[i] < 1ULL << 61);
    }

    /* what is left over is less than a set */

    assert_true(REGION - LLM_MEMO_SETS_OFF
                - m.memo->sets * sizeof(llm_memo_set_t)
                < sizeof(llm_memo_set_t));

    /* another process finds the same memory, and gets a view of its own */

    assert_ptr_equal(llm_memo_attach(m.memo, REGION, &err), m.memo);
    llm_memo_open(m.memo, &view);
    assert_int_not_equal(view.generation, m.view.generation);

    assert_null(llm_memo_attach(m.memo, REGION - 4096, &err));
    assert_non_null(strstr(err, "another version"));

    m.memo->version++;
    assert_null(llm_memo_attach(m.memo, REGION, &err));
    assert_non_null(strstr(err, "another version"));

    m.memo->magic++;
    assert_null(llm_memo_attach(m.memo, REGION, &err));
    assert_non_null(strstr(err, "no memo"));

    end(&other);
    end(&m);
}


#define P  (((llm_uint128_t) 1 << 127) - 1)


/* a * b + c, bit by bit, modulo 2^127 - 1 */

static llm_uint128_t
naive_step(llm_uint128_t a, llm_uint128_t b, llm_uint128_t c)
{
    int            i;
    llm_uint128_t  r;

    r = 0;

    for (i = 126; i >= 0; i--) {
        r = (r + r) % P;

        if ((b >> i) & 1) {
            r = (r + a % P) % P;
        }
    }

    return (r + c % P) % P;
}


/* one sum of one block */

static uint64_t
naive_nh(const llm_memo_row_t *k, const unsigned char *block, size_t len,
    unsigned pass)
{
    size_t    row, i;
    uint32_t  word[2];
    uint64_t  sum;

    for (sum = 0, row = 0; row * 32 < len; row++) {
        for (i = 0; i < 8; i += 2) {
            memcpy(word, block + row * 32 + i * 4, 8);

            word[0] += k[row + pass].key[i];
            word[1] += k[row + pass].key[i + 1];
            sum += (uint64_t) word[0] * word[1];
        }
    }

    return sum;
}


/* as the header describes it, on a text with zeros in its last row */

static llm_uint128_t
naive_poly(const memo_t *m, uint64_t vocab, const unsigned char *text,
    size_t len)
{
    size_t                    at, n, whole;
    llm_uint128_t             y, r, point, sum[2];
    const llm_memo_secret_t  *k;
    static unsigned char      padded[8192];

    assert_true(len + LLM_MEMO_BLOCK < sizeof(padded));

    whole = len / 32 * 32;
    memset(padded, 0, sizeof(padded));
    memcpy(padded, text, whole);
    memcpy(padded + whole + (len > whole ? 32 - len % 32 : 0), text + whole,
           len - whole);

    k = &m->memo->secret;
    r = (llm_uint128_t) k->r[1] << 64 | k->r[0];
    point = (llm_uint128_t) k->s[1] << 64 | k->s[0];

    y = (llm_uint128_t) m->view.generation << 64 | vocab;
    y = naive_step(y, point, naive_step(len, r, 0));

    for (at = 0; at == 0 || at < len; at += LLM_MEMO_BLOCK) {
        n = len - at < LLM_MEMO_BLOCK ? len - at : LLM_MEMO_BLOCK;

        for (whole = 0; whole < 2; whole++) {
            sum[whole] = naive_nh(k->nh, padded + at, n, 2 * whole + 1);
            sum[whole] = sum[whole] << 66 >> 2
                         | naive_nh(k->nh, padded + at, n, 2 * whole);
        }

        y = naive_step((y + sum[0]) % P, point, naive_step(sum[1], r, 0));
    }

    return y;
}


/* with and without what the processor has */

static void
check_hash(memo_t *m, const unsigned char *text, size_t len)
{
    uint64_t        best[2], plain[2];
    llm_memo_nh_pt  nh;

    llm_memo_poly(&m->view, (void *) 4711, text, len, best);

    nh = m->view.nh;
    m->view.nh = llm_memo_nh_plain;
    llm_memo_poly(&m->view, (void *) 4711, text, len, plain);
    m->view.nh = nh;

    assert_memory_equal(best, plain, sizeof(best));

    /* a number may have two names */

    assert_true(((llm_uint128_t) best[1] << 64 | best[0]) % P
                == naive_poly(m, 4711, text, len));
}


static void
test_hash(void **state)
{
    memo_t              m;
    size_t              i, len;
    unsigned            round;
    uint64_t            seed;
    unsigned char       text[5000];
    llm_memo_secret_t  *s;

    (void) state;

    begin(&m, REGION);
    seed = 1;

    for (round = 0; round < 3; round++) {

        for (i = 0; i < sizeof(text); i++) {
            text[i] = round < 2 ? (unsigned char) llm_random(&seed) : 0;
        }

        for (len = 0; len < sizeof(text); len += (len < 140) ? 1 : 61) {
            check_hash(&m, text + sizeof(text) - len, len);
        }

        /* the largest sums that there may be: every bit of the key is set */

        s = &m.memo->secret;
        memset(s, 0xff, sizeof(llm_memo_secret_t));

        for (i = 0; i < 2; i++) {
            s->r[i] = LLM_MEMO_POINT;
            s->s[i] = LLM_MEMO_POINT;
        }
    }

    end(&m);
}


/* every byte, every length, the vocabulary and the generation make a key */

static void
test_key(void **state)
{
    memo_t           m;
    size_t           i;
    unsigned char    text[2100];
    llm_memo_key_t   key, one;
    llm_memo_view_t  view;

    (void) state;

    begin(&m, REGION);
    memset(text, 0, sizeof(text));

    llm_memo_key(&m.view, "v", text, sizeof(text), &key);

    for (i = 0; i < sizeof(text); i++) {
        text[i] ^= 1;
        llm_memo_key(&m.view, "v", text, sizeof(text), &one);
        text[i] ^= 1;

        assert_int_not_equal(one.h[0], key.h[0]);
        assert_int_not_equal(one.h[1], key.h[1]);

        llm_memo_key(&m.view, "v", text, i, &one);
        assert_int_not_equal(one.h[0], key.h[0]);
        assert_int_not_equal(one.h[1], key.h[1]);
    }

    llm_memo_key(&m.view, "v", text, sizeof(text), &one);
    assert_memory_equal(&one, &key, sizeof(key));

    llm_memo_key(&m.view, "w", text, sizeof(text), &one);
    assert_int_not_equal(one.h[0], key.h[0]);
    assert_int_not_equal(one.h[1], key.h[1]);

    llm_memo_open(m.memo, &view);
    llm_memo_key(&view, "v", text, sizeof(text), &one);
    assert_int_not_equal(one.h[0], key.h[0]);
    assert_int_not_equal(one.h[1], key.h[1]);

    end(&m);
}


static void
test_get_put(void **state)
{
    char            text[32];
    memo_t          m;
    unsigned        i, found;
    llm_memo_key_t  key;

    (void) state;

    begin(&m, REGION);

    key = key_of(&m, "nobody has counted this");
    assert_int_equal(llm_memo_get(m.memo, &key), 0);

    llm_memo_put(m.memo, &key, 0);
    assert_int_equal(llm_memo_get(m.memo, &key), 0);

    llm_memo_put(m.memo, &key, UINT64_MAX);
    assert_int_equal(llm_memo_get(m.memo, &key), UINT64_MAX);

    /* far more than there is room for: the memory is filled and no more */

    for (i = 1; i <= 100000; i++) {
        snprintf(text, sizeof(text), "text %u", i);
        key = key_of(&m, text);

        llm_memo_put(m.memo, &key, i);
        assert_int_equal(llm_memo_get(m.memo, &key), i);
    }

    found = 0;

    for (i = 1; i <= 100000; i++) {
        snprintf(text, sizeof(text), "text %u", i);
        key = key_of(&m, text);

        if (llm_memo_get(m.memo, &key)) {
            assert_int_equal(llm_memo_get(m.memo, &key), i);
            found++;
        }
    }

    assert_int_equal(found, m.memo->sets * LLM_MEMO_WAYS);

    end(&m);
}


/* what was asked for again stays while texts go by that nobody repeats */

static void
test_replacement(void **state)
{
    memo_t          m;
    unsigned        i, n;
    llm_memo_key_t  key, kept[2];

    (void) state;

    begin(&m, ONE_SET);
    assert_int_equal(m.memo->sets, 1);

    for (i = 0; i < 2; i++) {
        kept[i] = key_number(i + 1);
        llm_memo_put(m.memo, &kept[i], 100 + i);
        assert_int_equal(llm_memo_get(m.memo, &kept[i]), 100 + i);
    }

    for (i = 10; i < 1000; i++) {
        key = key_number(i);
        llm_memo_put(m.memo, &key, i);
    }

    assert_int_equal(llm_memo_get(m.memo, &kept[0]), 100);
    assert_int_equal(llm_memo_get(m.memo, &kept[1]), 101);

    /* the flood itself leaves in turn, first come first */

    for (i = 997; i < 1000; i++) {
        key = key_number(i);
        assert_int_equal(llm_memo_get(m.memo, &key), i);
    }

    /* now all were asked for; a new one must come in all the same */

    key = key_number(5000);
    llm_memo_put(m.memo, &key, 5000);
    assert_int_equal(llm_memo_get(m.memo, &key), 5000);

    /* putting what is there takes no second place */

    for (i = 0; i < 100; i++) {
        llm_memo_put(m.memo, &key, 5000);
    }

    for (n = 0, i = 997; i < 1000; i++) {
        key = key_number(i);
        n += llm_memo_get(m.memo, &key) == i;
    }

    assert_int_equal(n, 3);

    n += llm_memo_get(m.memo, &kept[0]) == 100;
    n += llm_memo_get(m.memo, &kept[1]) == 101;

    assert_int_equal(n, LLM_MEMO_WAYS - 1);

    /* and what was kept once does not stay for ever */

    for (i = 6000; i < 6100; i++) {
        key = key_number(i);
        llm_memo_put(m.memo, &key, i);

        key = key_number(5000);
        assert_int_equal(llm_memo_get(m.memo, &key), 5000);
    }

    for (i = 0; i < 2; i++) {
        assert_int_equal(llm_memo_get(m.memo, &kept[i]), 0);
    }

    end(&m);
}


/* short texts are not looked up; others are, and what is found is believed */

static void
test_lookup(void **state)
{
    memo_t          m;
    unsigned char   text[LLM_MEMO_MIN];
    llm_counter_t  *plain, c;
    llm_memo_key_t  key;

    (void) state;

    plain = counter();
    if (plain == NULL) {
        skip();
    }

    begin(&m, REGION);

    c = *plain;
    c.count = llm_memo_count;
    c.data = &m.view;

    memset(text, 'x', sizeof(text));
    llm_memo_key(&m.view, c.vocab, text, sizeof(text), &key);

    assert_int_equal(c.count(&c, text, sizeof(text)),
                     plain->count(plain, text, sizeof(text)));
    assert_int_equal(llm_memo_get(m.memo, &key),
                     plain->count(plain, text, sizeof(text)));

    memset(text, 'y', sizeof(text));
    llm_memo_key(&m.view, c.vocab, text, sizeof(text), &key);
    llm_memo_put(m.memo, &key, 4711);
    assert_int_equal(c.count(&c, text, sizeof(text)), 4711);

    llm_memo_key(&m.view, c.vocab, text, sizeof(text) - 1, &key);
    llm_memo_put(m.memo, &key, 4711);
    assert_int_equal(c.count(&c, text, sizeof(text) - 1),
                     plain->count(plain, text, sizeof(text) - 1));

    end(&m);
}


/* a text as it stands in JSON: words, numbers, escapes, scripts, emoji */

static size_t
random_text(char *p, size_t max, uint64_t *seed)
{
    size_t  n, len;

    static const char * const  words[] = {
        "the ", "token", " count", "ing", " of ", "\\n\\n", "\\t", "\\\"",
        "12345", "6789.", " ", "  ", "Ünder", "слово ", "漢字", "かな", "🙂",
        "\\u00e9", "\\ud83d\\ude00", "don't", "<|endoftext|>", "():;", "----",
        "function", "(x) {", "}", "a", "Z"
    };

    for (len = 0; len + 32 < max; len += n) {
        n = strlen(strcpy(p + len, words[llm_random(seed)
                                         % (sizeof(words)
                                            / sizeof(words[0]))]));
    }

    return len;
}


/* one more message of a conversation, in one of the forms that there are */

static void
add_message(char *body, uint64_t *seed)
{
    static char  one[4096], two[4096];

    random_text(one, 33 + llm_random(seed) % 3000, seed);
    random_text(two, 33 + llm_random(seed) % 300, seed);

    body += strlen(body);
    body += sprintf(body, body[-1] == '[' ? "" : ",");

    switch (llm_random(seed) % 4) {

    case 0:
        sprintf(body, "{\"role\":\"user\",\"content\":[{\"type\":\"text\","
                      "\"text\":\"%s\"},{\"type\":\"text\",\"text\":\"%s\"}]}",
                one, two);
        break;

    case 1:
        sprintf(body, "{\"role\":\"assistant\",\"content\":null,"
                      "\"tool_calls\":[{\"id\":\"c\",\"type\":\"function\","
                      "\"function\":{\"name\":\"look\",\"arguments\":"
                      "\"{\\\"q\\\":1}\"}}]},"
                      "{\"role\":\"tool\",\"tool_call_id\":\"c\","
                      "\"content\":\"%s\"}", one);
        break;

    default:
        sprintf(body, "{\"role\":\"%s\",\"content\":\"%s\"}",
                llm_random(seed) % 2 ? "user" : "assistant", one);
    }
}


static int64_t
count_request(const char *messages, llm_counter_t *c)
{
    int64_t      n;
    fixture_t    f;
    static char  body[400000];

    sprintf(body, "%s]}", messages);

    chat(&f, body);
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(llm_openai.count(&f.q, c), LLM_OK);

    n = f.q.input_tokens;
    done(&f);

    return n;
}


/* growing conversations by turns, in a memo that holds few of their texts */

static void
conversations(size_t size, uint64_t seed)
{
    memo_t          m;
    unsigned        i, turn;
    llm_counter_t  *plain, c;
    static char     bodies[3][300000];

    plain = counter();
    if (plain == NULL) {
        skip();
    }

    begin(&m, size);

    c = *plain;
    c.count = llm_memo_count;
    c.data = &m.view;

    for (i = 0; i < 3; i++) {
        strcpy(bodies[i], "{\"model\":\"gpt-4o\",\"messages\":[");
    }

    for (turn = 0; turn < MESSAGES; turn++) {
        for (i = 0; i < 3; i++) {
            add_message(bodies[i], &seed);

            assert_int_equal(count_request(bodies[i], &c),
                             count_request(bodies[i], plain));
            assert_int_equal(count_request(bodies[i], &c),
                             count_request(bodies[i], plain));
        }
    }

    end(&m);
}


static void
test_conversations(void **state)
{
    (void) state;

    conversations(REGION, 1);
}


static void
test_evictions(void **state)
{
    (void) state;

    conversations(ONE_SET, 2);
    conversations(ONE_SET + 3 * sizeof(llm_memo_set_t), 3);
}


/* bytes that are no text, at all lengths around those that matter */

static void
test_any_bytes(void **state)
{
    memo_t          m;
    size_t          i, at, len;
    uint64_t        seed;
    unsigned char   text[4096];
    llm_counter_t  *plain, c;

    (void) state;

    plain = counter();
    if (plain == NULL) {
        skip();
    }

    begin(&m, REGION);
    seed = 5;

    c = *plain;
    c.count = llm_memo_count;
    c.data = &m.view;

    for (i = 0; i < sizeof(text); i++) {
        text[i] = (unsigned char) (llm_random(&seed) % 3
                                   ? 'a' + llm_random(&seed) % 26
                                   : llm_random(&seed));
    }

    for (i = 0; i < 3000; i++) {
        len = llm_random(&seed) % (i % 3 ? 200 : 2200);
        at = llm_random(&seed) % (i % 2 ? 4 : 1000);

        assert_int_equal(c.count(&c, text + at, len),
                         plain->count(plain, text + at, len));
    }

    end(&m);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_region),
        cmocka_unit_test(test_hash),
        cmocka_unit_test(test_key),
        cmocka_unit_test(test_get_put),
        cmocka_unit_test(test_replacement),
        cmocka_unit_test(test_lookup),
        cmocka_unit_test(test_conversations),
        cmocka_unit_test(test_evictions),
        cmocka_unit_test(test_any_bytes)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
