
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"


/*
 * Where money is kept: the zone, Redis, and the secrets that either needs.
 */


#define NGX_HTTP_LLM_COST_ZONE_DEFAULT     (32 * 1024 * 1024)
#define NGX_HTTP_LLM_COST_SALT_MAX         4096
#define NGX_HTTP_LLM_COST_JOURNAL_DEFAULT  (16 * 1024 * 1024)
#define NGX_HTTP_LLM_COST_ANSWERS_DEFAULT  (64 * 1024 * 1024)
#define NGX_HTTP_LLM_COST_JOURNAL_MIN      (4 * 1024 * 1024)


/*
 * A parameter of llm_redis: "NAME=" and what makes the field of it.  Where the
 * value is of no use and nothing more can be said than that, set() returns a
 * text of its own.
 */

typedef struct {
    ngx_str_t                   name;
    char                     *(*set)(ngx_conf_t *cf, ngx_str_t *s, void *field);
    size_t                      offset;
} ngx_http_llm_cost_redis_param_t;


static char *ngx_http_llm_cost_conf_redis_arg(ngx_conf_t *cf,
    ngx_http_llm_cost_redis_conf_t *rcf, ngx_str_t *arg);
static char *ngx_http_llm_cost_redis_text(ngx_conf_t *cf, ngx_str_t *s,
    void *field);
static char *ngx_http_llm_cost_redis_prefix(ngx_conf_t *cf, ngx_str_t *s,
    void *field);
static char *ngx_http_llm_cost_redis_time(ngx_conf_t *cf, ngx_str_t *s,
    void *field);
static char *ngx_http_llm_cost_redis_db(ngx_conf_t *cf, ngx_str_t *s,
    void *field);
static char *ngx_http_llm_cost_redis_connections(ngx_conf_t *cf, ngx_str_t *s,
    void *field);
static char *ngx_http_llm_cost_redis_journal(ngx_conf_t *cf, ngx_str_t *s,
    void *field);
static char *ngx_http_llm_cost_redis_answers(ngx_conf_t *cf, ngx_str_t *s,
    void *field);
static char *ngx_http_llm_cost_conf_secret(ngx_conf_t *cf, ngx_str_t *name,
    void *field);
static ssize_t ngx_http_llm_cost_read_secret(ngx_conf_t *cf, ngx_str_t *name,
    u_char *buf, size_t size);
static char *ngx_http_llm_cost_zone_arg(ngx_conf_t *cf, ngx_str_t *arg,
    ngx_str_t *name, size_t *size);
static ngx_int_t ngx_http_llm_cost_add_zone(ngx_conf_t *cf,
    ngx_http_llm_cost_main_conf_t *lmcf, ngx_str_t *name, size_t size);


static const ngx_http_llm_cost_redis_param_t
    ngx_http_llm_cost_redis_params[] =
{
    { ngx_string("username="), ngx_http_llm_cost_redis_text,
      offsetof(ngx_http_llm_cost_redis_conf_t, username) },

    { ngx_string("password_file="), ngx_http_llm_cost_conf_secret,
      offsetof(ngx_http_llm_cost_redis_conf_t, password) },

    { ngx_string("prefix="), ngx_http_llm_cost_redis_prefix,
      offsetof(ngx_http_llm_cost_redis_conf_t, prefix) },

    { ngx_string("timeout="), ngx_http_llm_cost_redis_time,
      offsetof(ngx_http_llm_cost_redis_conf_t, timeout) },

    { ngx_string("connect_timeout="), ngx_http_llm_cost_redis_time,
      offsetof(ngx_http_llm_cost_redis_conf_t, connect_timeout) },

    { ngx_string("db="), ngx_http_llm_cost_redis_db,
      offsetof(ngx_http_llm_cost_redis_conf_t, db) },

    { ngx_string("connections="), ngx_http_llm_cost_redis_connections,
      offsetof(ngx_http_llm_cost_redis_conf_t, connections) },

    { ngx_string("journal="), ngx_http_llm_cost_redis_journal,
      offsetof(ngx_http_llm_cost_redis_conf_t, journal) },

    { ngx_string("cache="), ngx_http_llm_cost_redis_answers,
      offsetof(ngx_http_llm_cost_redis_conf_t, answers) },

    { ngx_null_string, NULL, 0 }
};


/* llm_zone zone=name:size [state=file] */

char *
ngx_http_llm_cost_conf_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_llm_cost_main_conf_t *lmcf = conf;

    size_t      size;
    ngx_str_t  *value, name, s;

    value = cf->args->elts;

    if (lmcf->zone) {
        return "is duplicate";
    }

    size = 0;

    if (ngx_http_llm_cost_zone_arg(cf, &value[1], &name, &size)
            != NGX_CONF_OK
        || ngx_http_llm_cost_add_zone(cf, lmcf, &name, size) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (cf->args->nelts == 3) {

        if (ngx_strncmp(value[2].data, "state=", 6) != 0) {
            return ngx_http_llm_cost_conf_error(cf,
                       "invalid parameter \"%V\", it must be "
                       "\"state=file\"", &value[2]);
        }

        s.data = value[2].data + 6;
        s.len = value[2].len - 6;

        return ngx_http_llm_cost_state_conf(cf, lmcf->zone, &s);
    }

    return NGX_CONF_OK;
}


/* "zone=name:size" */

static char *
ngx_http_llm_cost_zone_arg(ngx_conf_t *cf, ngx_str_t *arg, ngx_str_t *name,
    size_t *size)
{
    u_char     *p;
    ssize_t     n;
    ngx_str_t   s;

    if (ngx_strncmp(arg->data, "zone=", 5) != 0) {
        return ngx_http_llm_cost_conf_error(cf,
                   "invalid parameter \"%V\", it must be "
                   "\"zone=name:size\"", arg);
    }

    name->data = arg->data + 5;
    p = (u_char *) ngx_strchr(name->data, ':');

    if (p == NULL || p == name->data) {
        return ngx_http_llm_cost_conf_error(cf,
                   "invalid zone \"%V\", it must be "
                   "\"zone=name:size\"", arg);
    }

    name->len = p - name->data;

    s.data = p + 1;
    s.len = arg->data + arg->len - s.data;

    n = ngx_parse_size(&s);

    if (n == NGX_ERROR) {
        return ngx_http_llm_cost_conf_error(cf,
                   "invalid zone size \"%V\", write for example "
                   "\"zone=%V:32m\"", &s, name);
    }

    if (n < NGX_HTTP_LLM_COST_ZONE_MIN) {
        return ngx_http_llm_cost_conf_error(cf,
                   "zone \"%V\" is too small, it must be at least 1m",
                   arg);
    }

    *size = (size_t) n;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_llm_cost_add_zone(ngx_conf_t *cf, ngx_http_llm_cost_main_conf_t *lmcf,
    ngx_str_t *name, size_t size)
{
    ngx_shm_zone_t            *shm_zone;
    ngx_http_llm_cost_zone_t  *zone;

    zone = ngx_pcalloc(cf->pool, sizeof(ngx_http_llm_cost_zone_t));
    if (zone == NULL) {
        return NGX_ERROR;
    }

    shm_zone = ngx_shared_memory_add(cf, name, size,
                                     &ngx_http_llm_cost_module);
    if (shm_zone == NULL) {
        return NGX_ERROR;
    }

    shm_zone->init = ngx_http_llm_cost_zone_init;
    shm_zone->data = zone;

    zone->shm_zone = shm_zone;
    lmcf->zone = zone;

    return NGX_OK;
}


/* a metered configuration that names no zone has the default one */

ngx_int_t
ngx_http_llm_cost_zone_default(ngx_conf_t *cf,
    ngx_http_llm_cost_main_conf_t *lmcf)
{
    ngx_str_t  name = ngx_string("llm");

    if (lmcf->zone) {
        return NGX_OK;
    }

    return ngx_http_llm_cost_add_zone(cf, lmcf, &name,
                                      NGX_HTTP_LLM_COST_ZONE_DEFAULT);
}


/* llm_redis, llm_cache_redis: address [name=value ...] */

char *
ngx_http_llm_cost_conf_redis(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char  *p = conf;

    char                            *rv;
    ngx_str_t                       *value;
    ngx_url_t                        u;
    ngx_uint_t                       i;
    ngx_http_llm_cost_redis_conf_t  *rcf, **field;

    field = (ngx_http_llm_cost_redis_conf_t **) (p + cmd->offset);

    if (*field) {
        return "is duplicate";
    }

    rcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_llm_cost_redis_conf_t));
    if (rcf == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_str_set(&rcf->prefix, "llm:");
    rcf->timeout = 100;
    rcf->connect_timeout = 1000;
    rcf->connections = 1;
    rcf->journal = NGX_HTTP_LLM_COST_JOURNAL_DEFAULT;
    rcf->answers = (cmd->offset
                    == offsetof(ngx_http_llm_cost_main_conf_t, redis))
                   ? NGX_HTTP_LLM_COST_ANSWERS_DEFAULT : 0;
    rcf->file_name = cf->conf_file->file.name.data;
    rcf->line = cf->conf_file->line;

    value = cf->args->elts;

    ngx_memzero(&u, sizeof(ngx_url_t));

    u.url = value[1];
    u.default_port = 6379;

    if (ngx_parse_url(cf->pool, &u) != NGX_OK) {
        return ngx_http_llm_cost_conf_error(cf,
                   "%s in Redis address \"%V\", write \"host:port\" "
                   "or \"unix:/path\"",
                   u.err ? u.err : "error", &u.url);
    }

    rcf->addr = u.addrs[0];

    for (i = 2; i < cf->args->nelts; i++) {
        rv = ngx_http_llm_cost_conf_redis_arg(cf, rcf, &value[i]);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    *field = rcf;

    return NGX_CONF_OK;
}


static char *
ngx_http_llm_cost_conf_redis_arg(ngx_conf_t *cf,
    ngx_http_llm_cost_redis_conf_t *rcf, ngx_str_t *arg)
{
    char                                    *rv;
    ngx_str_t                                s;
    const ngx_http_llm_cost_redis_param_t   *param;

    for (param = ngx_http_llm_cost_redis_params; param->name.len; param++) {

        if (ngx_strncmp(arg->data, param->name.data, param->name.len) != 0) {
            continue;
        }

        s.data = arg->data + param->name.len;
        s.len = arg->len - param->name.len;

        rv = param->set(cf, &s, (char *) rcf + param->offset);

        if (rv == NGX_CONF_OK || rv == NGX_CONF_ERROR) {
            return rv;
        }
    }

    return ngx_http_llm_cost_conf_error(cf,
               "invalid parameter \"%V\", known are username=, "
               "password_file=, db=, prefix=, timeout=, "
               "connect_timeout=, connections=1..64, journal= and "
               "cache=", arg);
}


static char *
ngx_http_llm_cost_redis_text(ngx_conf_t *cf, ngx_str_t *s, void *field)
{
    *(ngx_str_t *) field = *s;

    return NGX_CONF_OK;
}


/* it is the hash tag of every key */

static char *
ngx_http_llm_cost_redis_prefix(ngx_conf_t *cf, ngx_str_t *s, void *field)
{
    if (s->len == 0 || s->len > 64
        || ngx_strlchr(s->data, s->data + s->len, '{')
        || ngx_strlchr(s->data, s->data + s->len, '}'))
    {
        return ngx_http_llm_cost_conf_error(cf,
                   "invalid prefix \"%V\", it must have 1 to 64 "
                   "characters and no braces", s);
    }

    return ngx_http_llm_cost_redis_text(cf, s, field);
}


static char *
ngx_http_llm_cost_redis_time(ngx_conf_t *cf, ngx_str_t *s, void *field)
{
    ngx_int_t  n;

    n = ngx_parse_time(s, 0);
    if (n <= 0) {
        return "is invalid";
    }

    *(ngx_msec_t *) field = n;

    return NGX_CONF_OK;
}


static char *
ngx_http_llm_cost_redis_db(ngx_conf_t *cf, ngx_str_t *s, void *field)
{
    ngx_int_t  n;

    n = ngx_atoi(s->data, s->len);
    if (n == NGX_ERROR) {
        return "is invalid";
    }

    *(ngx_int_t *) field = n;

    return NGX_CONF_OK;
}


static char *
ngx_http_llm_cost_redis_connections(ngx_conf_t *cf, ngx_str_t *s, void *field)
{
    ngx_int_t  n;

    n = ngx_atoi(s->data, s->len);
    if (n < 1 || n > 64) {
        return "is invalid";
    }

    *(ngx_uint_t *) field = n;

    return NGX_CONF_OK;
}


static char *
ngx_http_llm_cost_redis_journal(ngx_conf_t *cf, ngx_str_t *s, void *field)
{
    ssize_t  size;

    size = ngx_parse_size(s);

    if (size == NGX_ERROR || size < NGX_HTTP_LLM_COST_JOURNAL_MIN) {
        return ngx_http_llm_cost_conf_error(cf,
                   "invalid size of the journal \"%V\", write "
                   "4m or more", s);
    }

    *(size_t *) field = size;

    return NGX_CONF_OK;
}


static char *
ngx_http_llm_cost_redis_answers(ngx_conf_t *cf, ngx_str_t *s, void *field)
{
    ssize_t  size;

    size = ngx_parse_size(s);
    if (size == NGX_ERROR) {
        return "is invalid";
    }

    *(size_t *) field = size;

    return NGX_CONF_OK;
}


/* a secret is the file's content without the white space at its end */

static char *
ngx_http_llm_cost_conf_secret(ngx_conf_t *cf, ngx_str_t *name, void *field)
{
    ngx_str_t *secret = field;

    u_char   buf[NGX_HTTP_LLM_COST_SALT_MAX + 1];
    ssize_t  n;

    n = ngx_http_llm_cost_read_secret(cf, name, buf, sizeof(buf));

    if (n == NGX_ERROR) {
        return NGX_CONF_ERROR;
    }

    while (n > 0 && (buf[n - 1] == LF || buf[n - 1] == CR || buf[n - 1] == ' '))
    {
        n--;
    }

    if (n == 0 || n > NGX_HTTP_LLM_COST_SALT_MAX) {
        ngx_explicit_memzero(buf, sizeof(buf));
        return ngx_http_llm_cost_conf_error(cf,
                   "file \"%V\" is empty or longer than %d bytes, write the "
                   "secret into it", name, NGX_HTTP_LLM_COST_SALT_MAX);
    }

    secret->len = n;
    secret->data = ngx_pnalloc(cf->pool, n);

    if (secret->data) {
        ngx_memcpy(secret->data, buf, n);
    }

    ngx_explicit_memzero(buf, sizeof(buf));

    return secret->data ? NGX_CONF_OK : NGX_CONF_ERROR;
}


/* how many bytes were read, at most size; NGX_ERROR: the reason is logged */

static ssize_t
ngx_http_llm_cost_read_secret(ngx_conf_t *cf, ngx_str_t *name, u_char *buf,
    size_t size)
{
    ssize_t     n;
    ngx_fd_t    fd;
    ngx_str_t  *directive;

    directive = cf->args->elts;

    if (ngx_conf_full_name(cf->cycle, name, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    fd = ngx_open_file(name->data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "%V: " ngx_open_file_n " \"%V\" failed, write the "
                           "name of a file that nginx may read",
                           directive, name);
        return NGX_ERROR;
    }

    n = ngx_read_fd(fd, buf, size);

    if (n == -1) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "%V: " ngx_read_fd_n " \"%V\" failed, write the "
                           "name of a file that nginx may read",
                           directive, name);
    }

    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_ALERT, cf, ngx_errno,
                           ngx_close_file_n " \"%V\" failed", name);
    }

    return n;
}


/* llm_key_salt_file file */

char *
ngx_http_llm_cost_conf_salt(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_llm_cost_main_conf_t *lmcf = conf;

    ngx_str_t  *value;

    if (lmcf->key_salt.len) {
        return "is duplicate";
    }

    value = cf->args->elts;

    return ngx_http_llm_cost_conf_secret(cf, &value[1], &lmcf->key_salt);
}
