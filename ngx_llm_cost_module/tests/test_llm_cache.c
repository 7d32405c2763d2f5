
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_cache_region.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>


/*
 * KEYS=1000000 is the flood of the issue; make test makes do with fewer.
 */


#define MB      (1024 * 1024)
#define SHARE   (8 * MB / 128 * 35)      /* of llm_zone zone=llm:8m */
#define NOW     1800000000

/*
 * What the answer's header, type and model take: 2 bytes and four numbers,
 * "text/event-stream; charset=utf-8" and a name of 32.
 */

#define OWN     (2 + 1 + 4 + 4 + 6 + 32 + 32)

static llm_cache_t    *c;
static unsigned char   data[MB], out[MB];


static int
setup(void **state)
{
    size_t  i;
    void   *mem;

    (void) state;

    mem = mmap(NULL, SHARE, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1,
               0);
    c = llm_cache_create(mem, SHARE, 1);

    for (i = 0; i < sizeof(data); i++) {
        data[i] = (unsigned char) (i * 7 + i / 251);
    }

    srandom(1);

    return c ? 0 : -1;
}


static int
teardown(void **state)
{
    (void) state;

    return munmap(c, SHARE);
}


static const unsigned char *
key_of(uint64_t n)
{
    static unsigned char  key[LLM_CACHE_KEY];

    memset(key, 0, sizeof(key));
    memcpy(key, &n, sizeof(n));

    return key;
}


static int
put_as(uint64_t n, uint32_t payer, const char *model, size_t size)
{
    llm_cache_item_t  item;

    memset(&item, 0, sizeof(item));

    item.key = key_of(n);
    item.payers[0] = payer;
    item.model.data = (unsigned char *) model;
    item.model.len = strlen(model);
    item.stored = NOW;
    item.expires = NOW + 60;

    return llm_cache_put(c, &item, NOW, data + n % 100, size);
}


static int
put(uint64_t n, size_t size)
{
    return put_as(n, 1, "m", size);
}


static void *
in_out(void *ctx, size_t size)
{
    (void) ctx;

    return size <= sizeof(out) ? out : NULL;
}


/* 1: it is there, and is what was put */

static int
hit_at(uint64_t n, int64_t now)
{
    llm_mem_t          mem = { in_out, NULL };
    llm_cache_found_t  found;

    if (llm_cache_get(c, key_of(n), now, &mem, &found) != LLM_OK) {
        return 0;
    }

    assert_memory_equal(found.data.data, data + n % 100, found.data.len);
    assert_int_equal(found.stored, NOW);

    return 1;
}


static int
hit(uint64_t n)
{
    return hit_at(n, NOW);
}


static llm_cache_stat_t *
stat_of(void)
{
    static llm_cache_stat_t  stat;

    llm_cache_stat(c, &stat);

    return &stat;
}


/* nothing is lost of the room, and every unit has one owner */

static void
check_room(void)
{
    uint32_t           b, i, run, used;
    uint64_t           entries;
    llm_cache_node_t  *node;

    used = 0;
    entries = 0;

    for (b = 0; b < c->buckets; b++) {
        for (i = llm_cache_table(c)[b]; i; i = node->chain) {
            node = llm_cache_node(c, i);
            entries++;

            for (run = i; run; run = llm_cache_run(c, run)->next) {
                used += llm_cache_run(c, run)->units;
            }
        }
    }

    assert_int_equal(used + c->free, c->units);
    assert_int_equal(c->queued[LLM_CACHE_TRIAL] + c->queued[LLM_CACHE_KEPT],
                     used);
    assert_int_equal(stat_of()->all.entries, entries);
    assert_int_equal(stat_of()->all.room, (uint64_t) used * LLM_CACHE_UNIT);
}


static void
test_put_and_get(void **state)
{
    (void) state;

    assert_int_equal(hit(1), 0);
    assert_int_equal(put(1, 1000), LLM_OK);
    assert_int_equal(hit(1), 1);
    assert_int_equal(put(1, 20), LLM_OK);
    assert_int_equal(hit(1), 1);
    assert_int_equal(hit(2), 0);

    assert_int_equal(stat_of()->all.entries, 1);
    assert_int_equal(stat_of()->all.bytes, 20);
    assert_int_equal(stat_of()->all.hits, 2);

    assert_int_equal(hit_at(1, NOW + 59), 1);
    assert_int_equal(hit_at(1, NOW + 60), 0);
    assert_int_equal(stat_of()->all.entries, 0);

    assert_int_equal(put(1, 20), LLM_OK);
    assert_int_equal(llm_cache_remove(c, key_of(1)), 1);
    assert_int_equal(llm_cache_remove(c, key_of(1)), 0);
    check_room();
}


static void
test_too_large(void **state)
{
    (void) state;

    assert_int_equal(put(1, SHARE / 8), LLM_DECLINED);
    assert_int_equal(put(1, SHARE / 9), LLM_OK);
    assert_int_equal(hit(1), 1);
}


static void
test_attach(void **state)
{
    (void) state;

    assert_ptr_equal(llm_cache_attach(c, SHARE), c);
    assert_null(llm_cache_attach(c, SHARE / 2));

    c->version++;
    assert_null(llm_cache_attach(c, SHARE));
}


/* a hot set of 100 among keys that nobody asks twice, each tenth request hot */

static void
test_hot_set(void **state)
{
    char     *env;
    double    rate;
    uint64_t  n, keys, asked, hits, hot;

    (void) state;

    env = getenv("KEYS");
    keys = env ? strtoull(env, NULL, 10) : 100000;
    asked = 0;
    hits = 0;

    for (n = 0; n < keys; n++) {

        if (n % 10 == 0) {
            hot = (uint64_t) random() % 100;
            asked++;

            if (hit(hot)) {
                hits++;

            } else {
                put(hot, 1000);
            }
        }

        if (!hit(1000 + n)) {
            put(1000 + n, 500 + (size_t) random() % 1000);
        }
    }

    rate = (double) hits / asked;
    print_message("hot set: %.4f of %d, flood of %d keys, %d entries, "
                  "%.0f bytes of %.0f\n", rate, (int) asked, (int) keys,
                  (int) stat_of()->all.entries, (double) stat_of()->all.room,
                  (double) stat_of()->size);

    assert_true(rate >= 0.95);
    assert_true(stat_of()->all.room <= SHARE);
    assert_true(stat_of()->size >= SHARE / 100 * 97);
    check_room();
}


/* too seldom to be found on trial: the mark tells that it was there */

static void
test_mark(void **state)
{
    uint64_t  n, i, hits;

    (void) state;

    hits = 0;

    for (n = 0; n < 40; n++) {
        if (hit(1)) {
            hits++;

        } else {
            put(1, 1000);
        }

        for (i = 0; i < 2500; i++) {
            put(1000 + n * 10000 + i, 1000);
        }
    }

    assert_true(hits >= 30);
}


/* one payer asks everything twice, and still pushes out only its own */

static void
test_flood_of_a_payer(void **state)
{
    uint64_t  n, i, hits;

    (void) state;

    for (i = 0; i < 100; i++) {
        put_as(i, 7 + i % 3, "m", 1000);
    }

    hits = 0;

    for (i = 0; i < 100; i++) {
        hits += hit(i);
    }

    assert_int_equal(hits, 100);

    for (n = 1000; n < 21000; n++) {
        put_as(n, 99, "m", 1000);
        assert_int_equal(hit(n), 1);
    }

    for (hits = 0, i = 0; i < 100; i++) {
        hits += hit(i);
    }

    assert_int_equal(hits, 100);

    /* what others have put but not asked again yet is safe, too */

    put_as(500, 8, "m", 1000);

    for (n = 21000; n < 31000; n++) {
        put_as(n, 99, "m", 1000);
    }

    assert_int_equal(hit(500), 1);
    check_room();
}


/* what an entry takes beyond its bytes, in a cache that is full of such */

static void
test_memory_of_an_entry(void **state)
{
    size_t             size, i;
    uint64_t           n, most;
    double             mean;
    llm_cache_stat_t  *s;

    static const size_t  sizes[] = { 200, 1000, 4000, 20000, 64000, 0 };

    (void) state;

    for (i = 0; i < 6; i++) {

        for (n = 0; n < 20000; n++) {
            size = sizes[i] ? sizes[i] : 200 + (size_t) random() % 8000;
            put(i * 100000 + n, size);
        }

        s = stat_of();
        mean = (double) (s->all.room - s->all.bytes) / s->all.entries;

        print_message("entries of %5d bytes: %.0f more\n", (int) sizes[i],
                      mean);

        assert_true(mean <= 256 - OWN);
    }

    most = 0;

    for (i = 0; i < c->buckets; i++) {
        uint32_t           k;
        llm_cache_node_t  *node;

        for (k = llm_cache_table(c)[i]; k; k = node->chain) {
            node = llm_cache_node(c, k);
            n = (uint64_t) node->units * LLM_CACHE_UNIT - node->size;
            most = n > most ? n : most;
        }
    }

    print_message("at most %d more\n", (int) most);

    /* ... also of the one that is in most pieces */

    assert_true(most <= 256 - OWN);
    check_room();
}


/* one bit anywhere in an entry, and it is not there any more */

static void
test_damage(void **state)
{
    size_t               size, at;
    llm_cache_run_t     *run;

    (void) state;

    for (size = 1; size < 200; size += 1 + size / 16) {
        for (at = 0; at < size; at += 1 + size / 40) {
            put(size, size);
            assert_int_equal(hit(size), 1);

            run = llm_cache_run(c, llm_cache_table(c)[
                                       llm_cache_hash(c, key_of(size))
                                       % c->buckets]);

            ((unsigned char *) (run + 1))[sizeof(llm_cache_node_t) + at]
                ^= (unsigned char) (1 << at % 8);

            assert_int_equal(hit(size), 0);
            assert_int_equal(llm_cache_remove(c, key_of(size)), 0);
        }
    }

    assert_int_equal(stat_of()->all.entries, 0);
    check_room();
}


/* bytes that have changed places, or are missing at the end */

static void
test_sum(void **state)
{
    size_t         i, size;
    uint32_t       was[2], sum[2];
    unsigned char  text[300];

    (void) state;

    for (size = 1; size < sizeof(text); size++) {
        memset(text, 0, sizeof(text));
        llm_cache_sum(text, size - 1, was);
        llm_cache_sum(text, size, sum);
        assert_memory_not_equal(was, sum, sizeof(sum));
    }

    memcpy(text, data, sizeof(text));
    llm_cache_sum(text, sizeof(text), was);

    for (i = 0; i + 32 < sizeof(text); i++) {
        text[i] ^= 0x55;
        text[i + 32] ^= 0x55;
        llm_cache_sum(text, sizeof(text), sum);
        assert_memory_not_equal(was, sum, sizeof(sum));
        text[i] ^= 0x55;
        text[i + 32] ^= 0x55;
    }
}


static void
test_random_operations(void **state)
{
    uint64_t  n, key;

    (void) state;

    for (n = 0; n < 30000; n++) {
        key = (uint64_t) random() % 3000;

        switch (random() % 8) {

        case 0:
            llm_cache_remove(c, key_of(key));
            assert_int_equal(hit(key), 0);
            break;

        case 1:
        case 2:
            (void) hit(key);
            break;

        default:
            put_as(key, (uint32_t) (key % 300), key % 2 ? "a" : "b",
                   (size_t) (random() % (random() % 50 ? 3000 : 200000)));
        }

        if (n % 5000 == 0) {
            check_room();
        }
    }

    check_room();
}


static void
test_purge(void **state)
{
    uint64_t           i;
    llm_cache_purge_t  p;

    (void) state;

    for (i = 0; i < 30; i++) {
        put_as(i, (uint32_t) (1 + i % 3), i % 2 ? "a" : "b", 100);
    }

    memset(&p, 0, sizeof(p));
    p.model = llm_cache_name((unsigned char *) "nobody", 6);
    assert_int_equal(llm_cache_purge(c, &p), 0);

    p.model = llm_cache_name((unsigned char *) "a", 1);
    p.payer = 1;
    assert_int_equal(llm_cache_purge(c, &p), 5);

    p.payer = 0;
    assert_int_equal(llm_cache_purge(c, &p), 10);

    memset(&p, 0, sizeof(p));
    p.key = key_of(2);
    assert_int_equal(llm_cache_purge(c, &p), 1);

    p.key = NULL;
    p.before = NOW;
    assert_int_equal(llm_cache_purge(c, &p), 0);

    p.before = NOW + 1;
    assert_int_equal(llm_cache_purge(c, &p), 14);

    assert_int_equal(stat_of()->all.entries, 0);
    assert_int_equal(stat_of()->purged, 30);

    assert_int_equal(llm_cache_epoch(c), 0);
    llm_cache_set_epoch(c, 5);
    assert_int_equal(llm_cache_epoch(c), 5);

    put(1, 100);
    memset(&p, 0, sizeof(p));
    assert_int_equal(llm_cache_purge(c, &p), 1);
    check_room();
}


static void
test_models(void **state)
{
    char               name[200];
    uint64_t           i;
    llm_cache_stat_t  *s;

    (void) state;

    put_as(1, 1, "one", 100);
    put_as(2, 1, "two", 200);
    put_as(3, 1, "two", 200);
    assert_int_equal(hit(3), 1);

    s = stat_of();
    assert_int_equal(s->nmodels, 3);
    assert_memory_equal(s->models[2].name, "two", 3);
    assert_int_equal(s->models[2].entries, 2);
    assert_int_equal(s->models[2].bytes, 400);
    assert_int_equal(s->models[2].hits, 1);

    /* more names than there is room for, and too long ones */

    for (i = 10; i < 200; i++) {
        memset(name, 'x', sizeof(name));
        snprintf(name, sizeof(name), "%d", (int) i);
        name[strlen(name)] = 'x';
        name[150] = '\0';
        put_as(i, 1, name, 100);
    }

    s = stat_of();
    assert_int_equal(s->nmodels, LLM_CACHE_MODELS);
    assert_int_equal(s->all.entries, 193);
    assert_int_equal(s->models[0].entries, 193 - 3 - 61);
    assert_int_equal(s->models[3].len, LLM_CACHE_NAME);
}


/* a worker dies with the lock: an empty cache, and a usable one */

static void
test_death(void **state)
{
    pid_t  pid;

    (void) state;

    put(1, 1000);

    pid = fork();

    if (pid == 0) {
        pthread_mutex_lock(&c->mutex);
        memset(llm_cache_table(c), 0x55, 100);
        _exit(0);
    }

    waitpid(pid, NULL, 0);

    assert_int_equal(hit(1), 0);
    assert_int_equal(put(1, 1000), LLM_OK);
    assert_int_equal(hit(1), 1);
    check_room();
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(test_put_and_get, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_large, setup, teardown),
        cmocka_unit_test_setup_teardown(test_attach, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hot_set, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mark, setup, teardown),
        cmocka_unit_test_setup_teardown(test_flood_of_a_payer, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_memory_of_an_entry, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_damage, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sum, setup, teardown),
        cmocka_unit_test_setup_teardown(test_random_operations, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_purge, setup, teardown),
        cmocka_unit_test_setup_teardown(test_models, setup, teardown),
        cmocka_unit_test_setup_teardown(test_death, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
