
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_PROVIDER_H_INCLUDED_
#define _LLM_PROVIDER_H_INCLUDED_


/*
 * A dialect: one file in providers/ and one line in llm_provider_list.c.  It
 * knows which paths are its own, where model, stream and limits are in a
 * request, what the request's input counts, how usage is spelled, and what an
 * error looks like.  It never sees an nginx request.
 */

#include "llm_core.h"
#include "llm_json.h"
#include "llm_usage.h"
#include "llm_tokenizer.h"


typedef struct llm_provider_s  llm_provider_t;
typedef struct llm_request_s   llm_request_t;
typedef struct llm_answer_s    llm_answer_t;


/* what a (method, path) pair is */

typedef enum {
    LLM_PATH_UNKNOWN = 0,     /* not this dialect's */
    LLM_PATH_FREE,            /* passed at no cost: GET /v1/models, polling */
    LLM_PATH_METERED,         /* has a body that must be read and priced */
    LLM_PATH_TOLD,            /* free, but its answer may say what an earlier
                                 request has used */
    LLM_PATH_UNSUPPORTED      /* known, costs money, cannot be metered yet */
} llm_path_e;


/*
 * Work that goes on when its request is over (llm_held.h) takes several
 * requests: which step of it this one is.
 */

typedef enum {
    LLM_LONG_NONE = 0,
    LLM_LONG_FILE,            /* requests are uploaded */
    LLM_LONG_START,           /* work on the requests of a file begins */
    LLM_LONG_PARTS,           /* work on the requests in its body begins */
    LLM_LONG_RUN,             /* work of its own begins */
    LLM_LONG_STATE,           /* it is asked how far it has come */
    LLM_LONG_RESULTS,         /* it is asked for its results */
    LLM_LONG_MORE             /* it is told to go on; else as STATE */
} llm_long_e;


/* header fields of a request or of an answer; NULL where there is none */

typedef struct {
    const llm_str_t    *(*get)(void *ctx, const char *name);  /* lower case */
    void                 *ctx;
} llm_headers_t;


typedef enum {
    LLM_KIND_CHAT = 1,        /* turns in, a turn out: the main call */
    LLM_KIND_EMBEDDINGS,
    LLM_KIND_COMPLETION,      /* a prompt in, text out */
    LLM_KIND_OTHER,
    LLM_KIND_RESPONSES,       /* OpenAI's stateful turns */
    LLM_KIND_IMAGES,
    LLM_KIND_SPEECH,
    LLM_KIND_TRANSCRIPTION,
    LLM_KIND_MODERATION,
    LLM_KIND_RERANK,
    LLM_KIND_OCR,
    LLM_KIND_BATCH,
    LLM_KIND_RUN,             /* of an assistant */
    LLM_KIND_VIDEO
} llm_kind_e;


/* what a request is, as far as it shows before its body is read */

typedef struct {
    llm_str_t             method;         /* "POST" */
    llm_str_t             path;           /* decoded, without arguments */
    llm_str_t             args;           /* as sent, "alt=sse&key=..." */
    llm_headers_t         headers;        /* get NULL: none are known */

    /* set by path() where it knows the path */
    llm_kind_e            kind;
    unsigned              op;             /* the dialect's own */
    llm_str_t             model;          /* named by the path, or empty */
    llm_str_t             vendor;         /* "vertex_ai", or empty: see
                                             llm_vendor.h */
    unsigned              raw:1;          /* the body is no JSON */
    llm_long_e            step;
    llm_str_t             object;         /* whose: "batch_abc" */
} llm_route_t;


#define LLM_LONG_MOST        1209600        /* seconds: 14 days */


/*
 * One of the requests that another one holds.  The caller sets mem before each
 * call of inner(), and all else to zero before the first one; strings are in
 * mem or point into the body.
 */

typedef struct {
    llm_mem_t            *mem;
    size_t                at;             /* where the next one begins */
    unsigned              n;              /* how many there were so far */

    llm_str_t             path;           /* as if it were sent by itself */
    llm_str_t             model;          /* where the body does not name it */
    llm_str_t             body;
    llm_kind_e            kind;           /* OTHER: the path says it */
    unsigned              unnamed:1;      /* it is named with the work, later:
                                             model is one to count with */
} llm_inner_t;


/* what an answer says of work that goes on; strings are copies */

typedef struct {
    llm_str_t             id;             /* of what was made or asked for */
    llm_str_t             file;           /* in which it says what it used */
    unsigned              ended:1;        /* it is over, and uses no more */
    unsigned              unused:1;       /* ... and has used nothing */
    unsigned              made:1;         /* ... and has made what it was
                                             asked for */
    unsigned              pending:1;      /* RESULTS: there are none yet */
} llm_told_t;


/* counting: text goes through here, so that a memo can sit in between */

typedef struct llm_counter_s  llm_counter_t;

struct llm_counter_s {
    const llm_vocab_t    *vocab;
    llm_scratch_t        *scratch;
    size_t              (*count)(llm_counter_t *c, const unsigned char *text,
                                 size_t len);
    void                 *data;           /* the memo's */
    unsigned              estimate:1;     /* vocabulary is a guess, or a
                                             piece was cut */
};


/* a plain counter's count(): llm_count() on vocab and scratch */

size_t llm_counter_plain(llm_counter_t *c, const unsigned char *text,
    size_t len);


/*
 * How the bytes of an answer are divided.  All but JSON is read piece by piece
 * (llm_frame.h), and every piece goes to event().
 */

typedef enum {
    LLM_FRAMING_NONE = 0,     /* not to be read */
    LLM_FRAMING_JSON,         /* one value, read when it is whole */
    LLM_FRAMING_SSE,
    LLM_FRAMING_NDJSON,       /* a value a line */
    LLM_FRAMING_ARRAY,        /* an array that grows: its elements */
    LLM_FRAMING_AWS           /* application/vnd.amazon.eventstream */
} llm_framing_e;

/* what a media type (without parameters) says by itself */

llm_framing_e llm_framing_of(const llm_str_t *type);


/*
 * The form in which an answer is kept, or asked for.  An entry of the cache
 * serves all forms that its dialect can make of it, see reform().
 */

typedef struct {
    llm_framing_e         framing;        /* JSON, SSE, ARRAY, or any other */
    unsigned              usage:1;        /* of a stream: it shows its usage,
                                             as the client has asked */
} llm_form_t;

llm_form_t llm_form_wanted(const llm_request_t *q);

typedef struct llm_text_s  llm_text_t;


#define LLM_OTHERS           8


/*
 * A tool of a request may ask another model, whose input and output come on
 * top of what the request itself uses: which model, and what one call uses at
 * most.
 */

typedef struct {
    llm_str_t             model;          /* empty: there is none */
    int64_t               calls;          /* -1: without a bound */
    int64_t               shown;          /* pictures that it may be shown */
    llm_usage_t           most;           /* input -1: whatever the request and
                                             its answer are; output -1: as much
                                             as the model can */
} llm_guest_t;


struct llm_request_s {
    const llm_provider_t *provider;
    llm_kind_e            kind;
    llm_str_t             path;             /* as given, for model in the URL */
    llm_route_t           route;            /* as path() has left it */
    llm_str_t             body;
    llm_json_t            json;             /* of the body; root is node 0;
                                               not of a raw one */
    llm_mem_t            *mem;

    void                 *state;            /* the dialect's own, from mem */

    /* facts, set by parse() */
    llm_str_t             model;            /* unescaped; at most 256 bytes */
    llm_str_t             priced;           /* the name of its price where
                                               that of the model has none:
                                               "hd/1024-x-1024/dall-e-3" */
    llm_str_t             others[LLM_OTHERS];  /* models that may answer in
                                               its place, as it says itself */
    unsigned              nothers;
    llm_guest_t           guest;
    llm_str_t             service_tier;     /* asked for, or empty */
    int64_t               max_output;       /* tokens of an answer, or -1 */
    int64_t               choices;          /* n (times best_of); 1 */
    unsigned              stream:1;
    unsigned              usage_asked:1;    /* client asked for stream usage */
    unsigned              usage_refused:1;  /* ... said include_usage: false */
    unsigned              can_inject:1;     /* usage may be asked for */
    unsigned              can_fit:1;        /* a maximum may be written */
    unsigned              stateful:1;       /* answer must not be cached */
    unsigned              crowd:1;          /* it may go to models that it does
                                               not name: its highest cost is
                                               not known, but all else is */
    unsigned              unseen:1;         /* output may be billed that the
                                               answer does not show, such as
                                               reasoning */
    unsigned              sealed:1;         /* signed: no byte may change */
    unsigned              model_in_path:1;  /* set_model cannot change it */
    unsigned              bounded:1;        /* most is set */
    unsigned              whole:1;          /* its answer tells the usage among
                                               its vectors, and has to be read
                                               whole */
    unsigned              decides:1;        /* it asks for a decision, for
                                               which some models have rates of
                                               their own */
    unsigned              one_form:1;       /* the answer has no other form:
                                               audio */
    llm_framing_e         framing;          /* asked for; NONE: SSE of a
                                               stream, else JSON */
    size_t                same_path;        /* how much of the path is the same
                                               for every form; 0: all of it */
    unsigned              costless:1;       /* its body shows that it costs
                                               nothing: a file that holds no
                                               requests */
    unsigned              sure:1;           /* RUN: it will cost its most */
    unsigned              searches:1;       /* at least once, of which no usage
                                               need tell */
    int64_t               search_pages;     /* what each search costs beside
                                               itself, in pages that are read */
    llm_str_t             requests;         /* FILE, PARTS: the text that holds
                                               the requests */
    llm_str_t             object;           /* START: the file that is worked
                                               on */
    llm_str_t             endpoint;         /* ... as requests to this path */
    int64_t               window;           /* seconds that the work takes at
                                               most; 0: as long as usual */

    /*
     * The most of every kind but input and output that can be billed, set by
     * parse() (begin with llm_usage_text()): 0 what the request cannot use (a
     * cache that it does not mark, a tool that it does not bring), a number
     * where it bounds it (images in it, max_uses), -1 what it can use without
     * a bound.  In use only if bounded is set: otherwise every kind of token
     * is thought possible, the reserve is at the dearest rate, and a model
     * that is not charged by the token has no price; but searches (and their
     * size) are those in it, if it has some.
     */
    llm_usage_t           most;

    /* set by count() */
    int64_t               input_tokens;     /* with framing */
    unsigned              estimate:1;       /* input_tokens is not exact */

    /* of a failure: static text, and the member it is about */
    const char           *err;              /* "must be a string" */
    const char           *param;            /* "model", or NULL */
    size_t                err_pos;          /* byte, where JSON is malformed */
};


/* wanted changes of the body: replace [start, end) by text; ascending */

#define LLM_EDITS            8

typedef struct {
    size_t                start;
    size_t                end;
    llm_str_t             text;
} llm_edit_t;

typedef struct {
    llm_edit_t            e[LLM_EDITS];
    unsigned              n;

    /* what is wanted */
    int64_t               set_max_output;   /* write this maximum; -1: leave */
    llm_str_t             set_model;        /* write this model; len 0: leave */
    unsigned              inject_usage:1;   /* ask for usage in the stream */
} llm_edits_t;


/* what has been read of an answer so far; begins with llm_answer_init() */

struct llm_answer_s {
    llm_mem_t            *mem;
    llm_kind_e            kind;
    const llm_request_t  *q;                /* NULL: not known */

    llm_usage_t           usage;            /* last non-null values */
    llm_usage_item_t     *items;            /* billed beside it, or NULL */
    llm_str_t             model;            /* first non-empty one, a copy */
    llm_str_t             served;           /* a model that answered in place
                                               of the one asked for, and whose
                                               price is billed; or empty */
    llm_str_t             service_tier;     /* a copy, or empty */

    unsigned              usage_seen:1;
    unsigned              usage_bad:1;      /* a field was not usable */
    unsigned              finished:1;       /* ended as it should: [DONE],
                                               finish_reason of every choice */
    unsigned              error:1;          /* an error event or object */
    unsigned              stream:1;
    unsigned              truncated:1;      /* finish_reason "length" */
    unsigned              deferred:1;       /* the work goes on elsewhere: what
                                               it will use is not known */

    /* counts the output, for when the usage is missing; NULL: do not count */
    llm_counter_t        *counter;
    int64_t               counted_output;   /* tokens seen so far */
    void                 *state;            /* the dialect's own, from mem */

    /*
     * RESULTS: result() is called for each result.  It is made of scratch,
     * whose memory is gone when the call returns.  usage_seen is 0 where the
     * request was refused and cost nothing, usage_bad 1 where its usage is not
     * known.
     */
    llm_told_t            told;
    llm_mem_t            *scratch;
    int                 (*result)(llm_answer_t *a, const llm_answer_t *one);
    void                 *result_data;
};

void llm_answer_init(llm_answer_t *a, llm_mem_t *mem, llm_kind_e kind,
    llm_counter_t *counter);


/* event() tells what to do with the event's bytes */

#define LLM_EVENT_PASS       0
#define LLM_EVENT_USAGE      1              /* holds nothing but the usage that
                                               was asked for by injection */


typedef enum {
    LLM_REFUSE_BUDGET = 1,       /* 429, insufficient_quota, budget_exceeded */
    LLM_REFUSE_TOO_EXPENSIVE,    /* 400, request_exceeds_budget */
    LLM_REFUSE_INVALID,          /* 400, invalid_request_error */
    LLM_REFUSE_UNKNOWN_MODEL,    /* 400, model_not_priced */
    LLM_REFUSE_TOO_LARGE,        /* 413 */
    LLM_REFUSE_UNKNOWN_PATH,     /* 404 */
    LLM_REFUSE_MEDIA_TYPE,       /* 415 */
    LLM_REFUSE_STORE,            /* 503 */
    LLM_REFUSE_UPSTREAM,         /* 502 */
    LLM_REFUSE_UPGRADE,          /* 400: realtime */
    LLM_REFUSE_NO_KEY,           /* 403: nobody pays for it */
    LLM_REFUSE_NOT_CACHED        /* 504: only-if-cached, and it is not */
} llm_refuse_e;

typedef struct {
    llm_refuse_e          why;
    unsigned              status;           /* HTTP */
    llm_str_t             message;          /* UTF-8, not yet escaped */
    llm_str_t             param;            /* or empty */
    llm_str_t             code;             /* "budget_exceeded" */
} llm_refusal_t;


struct llm_provider_s {
    llm_str_t      name;                    /* "openai" */

    /*
     * Fills the lower half of the route when METERED.  A path that another
     * dialect has too is claimed by what the headers say.
     */
    llm_path_e   (*path)(llm_route_t *route);

    /*
     * q->json is parsed (unless the route says raw), q->kind, q->path, q->body
     * and q->route are set.  LLM_OK, or LLM_BAD with err and param (a client's
     * fault, 400), or LLM_ERROR; or LLM_DECLINED where the body shows that the
     * path is none that can be metered.  A path that two dialects have may be
     * told from its body alone: q->provider is then the other one, whose
     * parse() has read the request, and holds for all that follows.
     */
    int          (*parse)(llm_request_t *q);

    /* input tokens, exact or marked as an estimate; never too small if it can
       be helped.  LLM_OK or LLM_ERROR */
    int          (*count)(llm_request_t *q, llm_counter_t *c);

    /* turn what is wanted into byte edits; what cannot be done is left out.
       LLM_OK or LLM_ERROR */
    int          (*edit)(llm_request_t *q, llm_edits_t *e);

    /* read a complete JSON answer; root is node 0.  LLM_OK or LLM_ERROR */
    int          (*answer)(llm_answer_t *a, const llm_json_t *j);

    /* read one event of a stream.  LLM_EVENT_*, or LLM_ERROR */
    int          (*event)(llm_answer_t *a, const llm_str_t *type,
                          const llm_str_t *data);

    /* the stream has ended, or was cut: count what is left to be counted */
    void         (*finish)(llm_answer_t *a);

    /* write the dialect's error object; returns its length, and with buf NULL
       writes nothing */
    size_t       (*error)(unsigned char *buf, const llm_refusal_t *f);

    /*
     * Feed the canonical form of the request to update(): two requests give
     * the same bytes if and only if they must get the same answer (see
     * docs/cache.md for what is in and out).
     */
    int          (*canonical)(llm_request_t *q,
                              void (*update)(void *ctx, const void *p,
                                             size_t n), void *ctx);

    /* What follows may be NULL. */

    /* the framing of an answer to q of this media type; NULL:
       llm_framing_of() */
    llm_framing_e  (*framing)(const llm_request_t *q, const llm_str_t *type);

    /* read the header of an answer of status 2xx, before its body.  LLM_OK or
       LLM_ERROR */
    int          (*headers)(llm_answer_t *a, const llm_headers_t *h);

    /*
     * What a parsed request asks of a model, LLM_ABLE_*; LLM_DECLINED: the
     * model of this name refuses a member of it, or its answer could not stand
     * in for another model's.  NULL: no request goes to another model.
     */
    int          (*needs)(const llm_request_t *q, const llm_str_t *model);

    /*
     * The HTTP status of a refusal, where the dialect's SDKs would repeat a
     * request to this path that got the usual one.  NULL: f->status.
     */
    unsigned     (*status)(const llm_route_t *route, const llm_refusal_t *f);

    /*
     * Write the stored body of a whole answer to q in the other form that q
     * asks for.  LLM_OK, LLM_ERROR, or LLM_DECLINED where something would be
     * lost, or where the body is not what it should be: it comes from a store
     * that others may write to.  NULL: an answer serves only its own form.
     */
    int          (*reform)(const llm_request_t *q, const llm_form_t *from,
                           const llm_form_t *to, const llm_str_t *body,
                           llm_text_t *out);

    /*
     * The next of the requests that a parsed FILE or PARTS holds.  LLM_OK;
     * LLM_DECLINED: there are no more; LLM_BAD with q->err and q->param; or
     * LLM_ERROR.  NULL: the dialect has no such requests.
     */
    int          (*inner)(llm_request_t *q, llm_inner_t *in);
};


/* an answer of this kind has output tokens that are paid for */

int llm_kind_has_output(llm_kind_e kind);


/* NULL-terminated, in the order in which "auto" asks them */

extern const llm_provider_t * const  llm_providers[];

/* the most common dialect: refusals of unknown paths are written in it */

extern const llm_provider_t  llm_openai;

/* the one whose main call has a name of its own in OpenTelemetry */

extern const llm_provider_t  llm_gemini;

const llm_provider_t *llm_provider_find(const llm_str_t *name);


#endif /* _LLM_PROVIDER_H_INCLUDED_ */
