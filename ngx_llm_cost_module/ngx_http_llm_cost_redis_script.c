
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

/* the end of a guarded command: four arguments that are filled in late */

#define NGX_HTTP_LLM_COST_REDIS_TAIL     "0\r\n"                              \
                                         "$16\r\n0000000000000000\r\n"       \
                                         "$20\r\n00000000000000000000\r\n"   \
                                         "$16\r\n----------------\r\n"
#define NGX_HTTP_LLM_COST_REDIS_TAIL_LEN                                      \
    (sizeof(NGX_HTTP_LLM_COST_REDIS_TAIL) - 1)
#define NGX_HTTP_LLM_COST_REDIS_CALL_AT  (1 + sizeof("\r\n$16\r\n") - 1)
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
static ngx_int_t ngx_http_llm_cost_redis_format(
    ngx_http_llm_cost_redis_op_t *op);
static u_char *ngx_http_llm_cost_redis_count(u_char *p, u_char type, size_t n);


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


/* the command that is being put together */

static struct {
    ngx_http_llm_cost_redis_t   *redis;
    ngx_http_llm_cost_script_e   script;
    ngx_uint_t                   n;
    ngx_uint_t                   nkeys;          /* index of their number */
    ngx_uint_t                   keys;
    ngx_uint_t                   overflow;
    u_char                      *pos;
    u_char                      *key;            /* that is being written */
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


u_char *
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
        ngx_http_llm_cost_redis_arg(p, ngx_http_llm_cost_redis_decimal(p, n)
                                       - p);
    }
}


/* "%L" without a format to read: a command has some twenty of them */

u_char *
ngx_http_llm_cost_redis_decimal(u_char *p, int64_t n)
{
    u_char    digits[NGX_INT64_LEN], *d;
    uint64_t  v;

    v = n < 0 ? -(uint64_t) n : (uint64_t) n;
    d = digits + sizeof(digits);

    do {
        *--d = (u_char) ('0' + v % 10);
        v /= 10;
    } while (v);

    if (n < 0) {
        *p++ = '-';
    }

    return ngx_cpymem(p, d, digits + sizeof(digits) - d);
}


/* a key, its name behind the hash tag */

void
ngx_http_llm_cost_redis_key(const char *fmt, ...)
{
    u_char   *p;
    va_list   args;

    p = ngx_http_llm_cost_redis_key_begin(NGX_HTTP_LLM_COST_REDIS_KEY_MAX);
    if (p == NULL) {
        return;
    }

    va_start(args, fmt);
    p = ngx_vslprintf(p, p + NGX_HTTP_LLM_COST_REDIS_KEY_MAX, fmt, args);
    va_end(args);

    ngx_http_llm_cost_redis_key_end(p);
}


u_char *
ngx_http_llm_cost_redis_key_begin(size_t size)
{
    u_char     *p;
    ngx_str_t  *tag;

    tag = &cmd.redis->tag;

    p = ngx_http_llm_cost_redis_room(tag->len + size);
    if (p == NULL) {
        return NULL;
    }

    cmd.key = p;

    return ngx_cpymem(p, tag->data, tag->len);
}


void
ngx_http_llm_cost_redis_key_end(u_char *last)
{
    cmd.pos = last;
    cmd.keys++;

    ngx_http_llm_cost_redis_arg(cmd.key, last - cmd.key);
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
        ngx_http_llm_cost_redis_text("0");
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
    uint64_t                        seen;
    ngx_http_llm_cost_redis_t      *redis;
    ngx_http_llm_cost_redis_box_t  *box;

    if (!op->guarded || op->size < NGX_HTTP_LLM_COST_REDIS_TAIL_LEN) {
        return;
    }

    redis = op->conn->redis;
    box = ngx_http_llm_cost_redis_box();

    if (op->replay && !op->hello) {

        /* the store that is being joined, once it has said which it is */

        ngx_memcpy(op->store, redis->id, NGX_HTTP_LLM_COST_REDIS_ID);
        seen = box->joined.seen;

    } else {
        seen = ngx_http_llm_cost_redis_box_knows(op->store);
    }

    op->call = ++redis->calls;

    p = op->command + op->size - NGX_HTTP_LLM_COST_REDIS_TAIL_LEN;
    *p = op->told[0] && ngx_memcmp(op->told, op->store,
                                   NGX_HTTP_LLM_COST_REDIS_ID)
         ? '1' : '0';

    p += NGX_HTTP_LLM_COST_REDIS_CALL_AT;
    (void) ngx_sprintf(p, "%016uL", op->call);

    p += NGX_HTTP_LLM_COST_REDIS_SEEN_AT;
    (void) ngx_sprintf(p, "%020uL", seen);

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
