
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include <ngx_config.h>
#include <ngx_sha1.h>

#include "ngx_http_llm_cost_redis.h"
#include "ngx_http_llm_cost_scripts.h"


/*
 * Commands.  A worker puts one together at a time, in memory of its own that
 * is never given back: begin or command, then keys and arguments in order,
 * then end, which copies the whole command into the op.
 *
 * A script is sent by its SHA-1, which is computed from its text; a Redis that
 * does not know it gets the text, for this op only, and remembers it.
 */


#define NGX_HTTP_LLM_COST_REDIS_ARGS     512
#define NGX_HTTP_LLM_COST_REDIS_SCRATCH  16384
#define NGX_HTTP_LLM_COST_REDIS_COUNT    (1 + NGX_SIZE_T_LEN + 2)

/* "*N\r\n", and what follows up to the SHA-1's end */

#define NGX_HTTP_LLM_COST_REDIS_EVALSHA  "$7\r\nEVALSHA\r\n$40\r\n"

/* the end of a guarded command: three arguments that are filled in late */

#define NGX_HTTP_LLM_COST_REDIS_TAIL     "0000000000000000\r\n"               \
                                         "$20\r\n00000000000000000000\r\n"   \
                                         "$16\r\n----------------\r\n"
#define NGX_HTTP_LLM_COST_REDIS_TAIL_LEN                                      \
    (sizeof(NGX_HTTP_LLM_COST_REDIS_TAIL) - 1)
#define NGX_HTTP_LLM_COST_REDIS_SEEN_AT  (16 + sizeof("\r\n$20\r\n") - 1)


typedef struct {
    const char                  *parts[4];
    ngx_str_t                    text;
    u_char                       sha[40];
} ngx_http_llm_cost_redis_script_t;


static ngx_int_t ngx_http_llm_cost_redis_script_init(
    ngx_http_llm_cost_redis_script_t *s, ngx_pool_t *pool);
static ngx_uint_t ngx_http_llm_cost_redis_guarded(
    ngx_http_llm_cost_script_e script);
static u_char *ngx_http_llm_cost_redis_room(size_t size);
static ngx_int_t ngx_http_llm_cost_redis_format(
    ngx_http_llm_cost_redis_op_t *op);
static u_char *ngx_http_llm_cost_redis_count(u_char *p, u_char type, size_t n);
static void ngx_http_llm_cost_redis_label(const llm_str_t *s);


static ngx_http_llm_cost_redis_script_t  ngx_http_llm_cost_redis_scripts[] = {
    { { llm_script_look, llm_script_common, llm_script_admit, NULL },
      ngx_null_string, { 0 } },
    { { llm_script_common, llm_script_usage, llm_script_settle },
      ngx_null_string, { 0 } },
    { { llm_script_common, llm_script_renew, NULL },
      ngx_null_string, { 0 } },
    { { llm_script_answers, llm_script_put, NULL },
      ngx_null_string, { 0 } },
    { { llm_script_common, llm_script_budgets, NULL },
      ngx_null_string, { 0 } },
    { { llm_script_common, llm_script_usage, llm_script_summary },
      ngx_null_string, { 0 } },
    { { llm_script_common, llm_script_join, NULL },
      ngx_null_string, { 0 } },
    { { llm_script_common, llm_script_balance, NULL },
      ngx_null_string, { 0 } },
    { { llm_script_patch, NULL, NULL },
      ngx_null_string, { 0 } },
    { { llm_script_answers, llm_script_purge, NULL },
      ngx_null_string, { 0 } },
    { { llm_script_flight, NULL, NULL },
      ngx_null_string, { 0 } },
    { { llm_script_learn, NULL, NULL },
      ngx_null_string, { 0 } }
};


static const char  *ngx_http_llm_cost_redis_units[] = {
    "usd", "tokens", "requests"
};


/* the command that is being put together */

static struct {
    ngx_http_llm_cost_redis_t   *redis;
    ngx_http_llm_cost_script_e   script;
    ngx_uint_t                   n;
    ngx_uint_t                   nkeys;          /* index of their number */
    ngx_uint_t                   keys;
    ngx_uint_t                   overflow;
    u_char                      *pos;
    const char                  *argv[NGX_HTTP_LLM_COST_REDIS_ARGS];
    size_t                       len[NGX_HTTP_LLM_COST_REDIS_ARGS];
    u_char                       scratch[NGX_HTTP_LLM_COST_REDIS_SCRATCH];
} cmd;


ngx_int_t
ngx_http_llm_cost_redis_scripts_init(ngx_cycle_t *cycle)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_HTTP_LLM_COST_SCRIPT_N; i++) {
        if (ngx_http_llm_cost_redis_script_init(
                          &ngx_http_llm_cost_redis_scripts[i], cycle->pool)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_llm_cost_redis_script_init(ngx_http_llm_cost_redis_script_t *s,
    ngx_pool_t *pool)
{
    u_char       digest[20], *p;
    ngx_uint_t   i;
    ngx_sha1_t   sha1;

    s->text.len = 0;

    for (i = 0; i < 4 && s->parts[i]; i++) {
        s->text.len += ngx_strlen(s->parts[i]);
    }

    s->text.data = ngx_pnalloc(pool, s->text.len);
    if (s->text.data == NULL) {
        return NGX_ERROR;
    }

    p = s->text.data;

    for (i = 0; i < 4 && s->parts[i]; i++) {
        p = ngx_cpymem(p, s->parts[i], ngx_strlen(s->parts[i]));
    }

    ngx_sha1_init(&sha1);
    ngx_sha1_update(&sha1, s->text.data, s->text.len);
    ngx_sha1_final(digest, &sha1);
    ngx_hex_dump(s->sha, digest, 20);

    return NGX_OK;
}


void
ngx_http_llm_cost_redis_begin(ngx_http_llm_cost_redis_t *redis,
    ngx_http_llm_cost_script_e script)
{
    ngx_http_llm_cost_redis_command(redis, "EVALSHA");

    cmd.script = script;

    ngx_http_llm_cost_redis_arg(ngx_http_llm_cost_redis_scripts[script].sha,
                                40);

    /* the number of keys is known at the end */

    cmd.nkeys = cmd.n;
    ngx_http_llm_cost_redis_arg("", 0);
}


void
ngx_http_llm_cost_redis_command(ngx_http_llm_cost_redis_t *redis,
    const char *name)
{
    cmd.redis = redis;
    cmd.script = NGX_HTTP_LLM_COST_SCRIPT_NONE;
    cmd.n = 0;
    cmd.nkeys = 0;
    cmd.keys = 0;
    cmd.overflow = 0;
    cmd.pos = cmd.scratch;

    ngx_http_llm_cost_redis_text(name);
}


void
ngx_http_llm_cost_redis_arg(const void *data, size_t len)
{
    if (cmd.n == NGX_HTTP_LLM_COST_REDIS_ARGS) {
        cmd.overflow = 1;
        return;
    }

    cmd.argv[cmd.n] = len ? data : "";
    cmd.len[cmd.n] = len;
    cmd.n++;
}


void
ngx_http_llm_cost_redis_text(const char *text)
{
    ngx_http_llm_cost_redis_arg(text, ngx_strlen(text));
}


void
ngx_http_llm_cost_redis_script(ngx_http_llm_cost_script_e script)
{
    ngx_str_t  *text;

    text = &ngx_http_llm_cost_redis_scripts[script].text;

    ngx_http_llm_cost_redis_arg(text->data, text->len);
}


static u_char *
ngx_http_llm_cost_redis_room(size_t size)
{
    u_char  *p;

    if ((size_t) (cmd.scratch + sizeof(cmd.scratch) - cmd.pos) < size) {
        cmd.overflow = 1;
        return NULL;
    }

    p = cmd.pos;
    cmd.pos += size;

    return p;
}


void
ngx_http_llm_cost_redis_number(int64_t n)
{
    u_char  *p;

    static const char  digits[] = "0123456789";

    if (n >= 0 && n < 10) {
        ngx_http_llm_cost_redis_arg(&digits[n], 1);
        return;
    }

    p = ngx_http_llm_cost_redis_room(NGX_INT64_LEN);

    if (p) {
        ngx_http_llm_cost_redis_arg(p, ngx_sprintf(p, "%L", n) - p);
    }
}


/* a key, its name behind the hash tag */

void
ngx_http_llm_cost_redis_key(const char *fmt, ...)
{
    u_char   *p, *last;
    size_t    size;
    va_list   args;

    size = cmd.redis->tag.len + NGX_HTTP_LLM_COST_REDIS_KEY_MAX;

    p = ngx_http_llm_cost_redis_room(size);
    if (p == NULL) {
        return;
    }

    last = ngx_cpymem(p, cmd.redis->tag.data, cmd.redis->tag.len);

    va_start(args, fmt);
    last = ngx_vslprintf(last, p + size, fmt, args);
    va_end(args);

    cmd.pos = last;
    cmd.keys++;

    ngx_http_llm_cost_redis_arg(p, last - p);
}


/* those of all scripts that include common.lua */

void
ngx_http_llm_cost_redis_indexes(void)
{
    ngx_http_llm_cost_redis_key("b");
    ngx_http_llm_cost_redis_key("r");
    ngx_http_llm_cost_redis_key("n");
    ngx_http_llm_cost_redis_key("u");
    ngx_http_llm_cost_redis_key("a");
}


void
ngx_http_llm_cost_redis_identity(const llm_hold_id_t *id)
{
    ngx_http_llm_cost_redis_key("n:%016xL", id->node);
    ngx_http_llm_cost_redis_key("r:%016xL:%uL", id->node,
                                ngx_http_llm_cost_redis_seq(id));
}


void
ngx_http_llm_cost_redis_counters(const llm_budget_t *budgets, ngx_uint_t n)
{
    ngx_uint_t           i;
    const llm_budget_t  *b;

    for (i = 0; i < n; i++) {
        b = &budgets[i];

        ngx_http_llm_cost_redis_key("b:%*s:%*s:%s:%s:%L",
                                    b->name.len, b->name.data,
                                    b->key.len, b->key.data,
                                    ngx_http_llm_cost_redis_units[b->unit],
                                    llm_period_name(b->period), b->start);
    }
}


/* what load_budgets() of common.lua reads */

void
ngx_http_llm_cost_redis_budgets(const llm_budget_t *budgets, ngx_uint_t n)
{
    u_char              *p;
    ngx_uint_t           i, k;
    const llm_budget_t  *b;

    for (i = 0; i < n; i++) {
        b = &budgets[i];

        ngx_http_llm_cost_redis_arg(b->name.data, b->name.len);
        ngx_http_llm_cost_redis_arg(b->key.data, b->key.len);
        ngx_http_llm_cost_redis_text(ngx_http_llm_cost_redis_units[b->unit]);
        ngx_http_llm_cost_redis_text(llm_period_name(b->period));
        ngx_http_llm_cost_redis_number(b->start);
        ngx_http_llm_cost_redis_number(b->end == INT64_MAX ? 0 : b->end);
        ngx_http_llm_cost_redis_number(b->limit == LLM_NO_LIMIT ? -1
                                                               : b->limit);
        ngx_http_llm_cost_redis_text(b->observe ? "observe" : "enforce");

        p = ngx_http_llm_cost_redis_room(LLM_ALERTS_MAX * 4);
        if (p == NULL) {
            return;
        }

        cmd.pos = p;

        for (k = 0; k < b->nalerts && k < LLM_ALERTS_MAX; k++) {
            cmd.pos = ngx_sprintf(cmd.pos, "%ud,", (unsigned) b->alerts[k]);
        }

        ngx_http_llm_cost_redis_arg(p, cmd.pos - p);
    }
}


/* what count_usage() of usage.lua reads: the sums of count of them */

void
ngx_http_llm_cost_redis_event(const llm_stats_event_t *e, int64_t count)
{
    unsigned  i;

    ngx_http_llm_cost_redis_number(e->time);

    ngx_http_llm_cost_redis_number(count);
    ngx_http_llm_cost_redis_number(ngx_max(e->input, 0));
    ngx_http_llm_cost_redis_number(ngx_max(e->output, 0));
    ngx_http_llm_cost_redis_number(ngx_max(e->cost, 0));
    ngx_http_llm_cost_redis_number(ngx_max(e->cached, 0));
    ngx_http_llm_cost_redis_number(ngx_max(e->reasoning, 0));
    ngx_http_llm_cost_redis_number(ngx_max(e->saved, 0));
    ngx_http_llm_cost_redis_number(e->cache == LLM_STATS_CACHE_HIT
                                   ? count : 0);
    ngx_http_llm_cost_redis_number(e->cache == LLM_STATS_CACHE_MISS
                                   ? count : 0);
    ngx_http_llm_cost_redis_number(e->called ? count : 0);
    ngx_http_llm_cost_redis_number(e->cost < 0 ? count : 0);

    ngx_http_llm_cost_redis_label(&e->model);
    ngx_http_llm_cost_redis_label(&e->provider);
    ngx_http_llm_cost_redis_label(&e->endpoint);
    ngx_http_llm_cost_redis_label(&e->user);

    ngx_http_llm_cost_redis_number(e->ntags);

    for (i = 0; i < e->ntags && i < LLM_STATS_TAGS; i++) {
        ngx_http_llm_cost_redis_label(&e->tag_names[i]);
        ngx_http_llm_cost_redis_label(&e->tag_values[i]);
    }
}


void
ngx_http_llm_cost_redis_answer_key(const u_char *key)
{
    u_char  hex[NGX_HTTP_LLM_COST_CACHE_KEY * 2];

    ngx_hex_dump(hex, (u_char *) key, NGX_HTTP_LLM_COST_CACHE_KEY);

    ngx_http_llm_cost_redis_key("c:%*s", sizeof(hex), hex);
}


/* the end of op's reservation, or of a request that had none, for settle.lua */

ngx_int_t
ngx_http_llm_cost_redis_settlement(ngx_http_llm_cost_redis_op_t *op,
    const llm_stats_event_t *event)
{
    ngx_int_t  i;

    ngx_http_llm_cost_redis_begin(ngx_http_llm_cost_redis_money(),
                                  NGX_HTTP_LLM_COST_SCRIPT_SETTLE);
    ngx_http_llm_cost_redis_indexes();
    ngx_http_llm_cost_redis_identity(&op->id);
    ngx_http_llm_cost_redis_counters(op->budgets, op->nbudgets);

    ngx_http_llm_cost_redis_number(ngx_time());
    ngx_http_llm_cost_redis_number(ngx_http_llm_cost_redis_seq(&op->id));
    ngx_http_llm_cost_redis_number(op->nbudgets);

    for (i = 0; i < LLM_UNIT_N; i++) {
        if (op->spends) {
            ngx_http_llm_cost_redis_number(op->spent[i]);

        } else {
            ngx_http_llm_cost_redis_text("");
        }
    }

    ngx_http_llm_cost_redis_number(event != NULL);
    ngx_http_llm_cost_redis_budgets(op->budgets, op->nbudgets);

    if (event) {
        ngx_http_llm_cost_redis_event(event, ngx_max(op->count, 1));
    }

    return ngx_http_llm_cost_redis_end(op);
}


/* names of any length come from clients */

static void
ngx_http_llm_cost_redis_label(const llm_str_t *s)
{
    u_char  *p;

    if (s->len <= LLM_STATS_LABEL) {
        ngx_http_llm_cost_redis_arg(s->data, s->len);
        return;
    }

    p = ngx_http_llm_cost_redis_room(LLM_STATS_LABEL);
    if (p == NULL) {
        return;
    }

    ngx_memcpy(p, s->data, LLM_STATS_LABEL - 9);
    ngx_sprintf(p + LLM_STATS_LABEL - 9, "~%08xD",
                ngx_crc32_long(s->data, s->len));

    ngx_http_llm_cost_redis_arg(p, LLM_STATS_LABEL);
}


ngx_int_t
ngx_http_llm_cost_redis_end(ngx_http_llm_cost_redis_op_t *op)
{
    u_char  *p;

    if (cmd.nkeys) {
        p = ngx_http_llm_cost_redis_room(NGX_INT64_LEN);

        if (p) {
            cmd.argv[cmd.nkeys] = (char *) p;
            cmd.len[cmd.nkeys] = ngx_sprintf(p, "%ui", cmd.keys) - p;
        }
    }

    if (ngx_http_llm_cost_redis_guarded(cmd.script)) {
        ngx_http_llm_cost_redis_text("0000000000000000");
        ngx_http_llm_cost_redis_text("00000000000000000000");
        ngx_http_llm_cost_redis_text("----------------");
        op->guarded = 1;
    }

    if (cmd.overflow) {
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, 0,
                      "llm cost: a command for Redis is too long");
        return NGX_ERROR;
    }

    op->script = cmd.script;
    op->kind = cmd.script;
    op->sent = 0;

    return ngx_http_llm_cost_redis_format(op);
}


/* the whole of the command, in one piece */

static ngx_int_t
ngx_http_llm_cost_redis_format(ngx_http_llm_cost_redis_op_t *op)
{
    size_t       size;
    u_char      *p;
    ngx_uint_t   i;

    size = NGX_HTTP_LLM_COST_REDIS_COUNT;

    for (i = 0; i < cmd.n; i++) {
        size += NGX_HTTP_LLM_COST_REDIS_COUNT + cmd.len[i] + 2;
    }

    p = ngx_alloc(size, ngx_cycle->log);
    if (p == NULL) {
        return NGX_ERROR;
    }

    op->command = p;

    p = ngx_http_llm_cost_redis_count(p, '*', cmd.n);

    for (i = 0; i < cmd.n; i++) {
        p = ngx_http_llm_cost_redis_count(p, '$', cmd.len[i]);
        p = ngx_cpymem(p, cmd.argv[i], cmd.len[i]);
        *p++ = CR; *p++ = LF;
    }

    op->size = p - op->command;

    return NGX_OK;
}


/* most are short, and there are some sixty in a command */

static u_char *
ngx_http_llm_cost_redis_count(u_char *p, u_char type, size_t n)
{
    *p++ = type;

    if (n < 10) {
        *p++ = (u_char) ('0' + n);

    } else if (n < 100) {
        *p++ = (u_char) ('0' + n / 10);
        *p++ = (u_char) ('0' + n % 10);

    } else {
        p = ngx_sprintf(p, "%uz", n);
    }

    *p++ = CR; *p++ = LF;

    return p;
}


static ngx_uint_t
ngx_http_llm_cost_redis_guarded(ngx_http_llm_cost_script_e script)
{
    switch (script) {

    case NGX_HTTP_LLM_COST_SCRIPT_ADMIT:
    case NGX_HTTP_LLM_COST_SCRIPT_SETTLE:
    case NGX_HTTP_LLM_COST_SCRIPT_RENEW:
    case NGX_HTTP_LLM_COST_SCRIPT_JOIN:
    case NGX_HTTP_LLM_COST_SCRIPT_BALANCE:
        return 1;

    default:
        return 0;
    }
}


/*
 * An op may have waited, or lain in the record: it is for the incarnation that
 * is known at the moment at which it leaves.
 */

void
ngx_http_llm_cost_redis_stamp(ngx_http_llm_cost_redis_op_t *op)
{
    u_char                         *p;
    ngx_uint_t                      target;
    ngx_http_llm_cost_redis_t      *redis;
    ngx_http_llm_cost_redis_box_t  *box;

    if (!op->guarded || op->size < NGX_HTTP_LLM_COST_REDIS_TAIL_LEN) {
        return;
    }

    redis = op->conn->redis;
    box = ngx_http_llm_cost_redis_box();

    /* the store that is being joined, once it has said which it is */

    target = (op->replay && !op->hello);

    op->call = ++redis->calls;

    p = op->command + op->size - NGX_HTTP_LLM_COST_REDIS_TAIL_LEN;
    (void) ngx_sprintf(p, "%016uL", op->call);

    p += NGX_HTTP_LLM_COST_REDIS_SEEN_AT;
    (void) ngx_sprintf(p, "%020uL", target ? 0 : (uint64_t) box->seen);

    ngx_memcpy(op->store, target ? redis->id : box->id,
               NGX_HTTP_LLM_COST_REDIS_ID);

    p = op->command + op->size - 2 - NGX_HTTP_LLM_COST_REDIS_ID;
    ngx_memcpy(p, op->store, NGX_HTTP_LLM_COST_REDIS_ID);
}


/*
 * EVALSHA sha becomes EVAL text.  NGX_DECLINED: it is none, or was sent with
 * its text already.
 */

ngx_int_t
ngx_http_llm_cost_redis_unsha(ngx_http_llm_cost_redis_op_t *op)
{
    size_t                             skip, size;
    u_char                            *p, *command;
    ngx_http_llm_cost_redis_script_t  *s;

    if (op->script >= NGX_HTTP_LLM_COST_SCRIPT_N) {
        return NGX_DECLINED;
    }

    s = &ngx_http_llm_cost_redis_scripts[op->script];

    p = ngx_strlchr(op->command, op->command + op->size, LF);
    if (p == NULL) {
        return NGX_DECLINED;
    }

    p++;
    skip = p - op->command + sizeof(NGX_HTTP_LLM_COST_REDIS_EVALSHA) - 1 + 40;

    size = op->size + s->text.len + NGX_SIZE_T_LEN;
    command = ngx_alloc(size, ngx_cycle->log);
    if (command == NULL) {
        return NGX_DECLINED;
    }

    p = ngx_cpymem(command, op->command, p - op->command);
    p = ngx_sprintf(p, "$4\r\nEVAL\r\n$%uz\r\n", s->text.len);
    p = ngx_cpymem(p, s->text.data, s->text.len);
    p = ngx_cpymem(p, op->command + skip, op->size - skip);

    if (op->plain) {
        ngx_free(op->plain);
    }

    op->plain = op->command;
    op->plain_size = op->size;

    op->script = NGX_HTTP_LLM_COST_SCRIPT_NONE;
    op->command = command;
    op->size = p - command;
    op->sent = 0;

    return NGX_OK;
}
