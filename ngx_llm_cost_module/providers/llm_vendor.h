
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_VENDOR_H_INCLUDED_
#define _LLM_VENDOR_H_INCLUDED_


/*
 * Who sends the bill.  Many vendors speak one dialect, and the same model has
 * a price at each: "llama-3.3-70b-versatile" is the row "groq/llama-3.3-..."
 * of a price map.  The name is the one that price maps put in front.
 */

#include "llm_provider.h"


typedef struct {
    llm_str_t             name;             /* "groq" */
    const char           *dialect;          /* "openai" */
    const char           *host;             /* end of a host name, or NULL */
} llm_vendor_t;


/* by the host that requests go to, with or without a port; or NULL */

const llm_vendor_t *llm_vendor_of_host(const llm_str_t *host);

/* by name, for llm_provider; or NULL */

const llm_vendor_t *llm_vendor_find(const llm_str_t *name);

/* the name that OpenTelemetry has for it; name itself where it has none */

llm_str_t llm_vendor_otel(const llm_str_t *name);

/*
 * The region that a host or a path names, empty where none is: "us-east-1" of
 * bedrock-runtime.us-east-1.amazonaws.com, "us" of us.api.openai.com,
 * "us-east5" of /v1/projects/p/locations/us-east5/...; and what prices know of
 * it.
 */

llm_geo_e llm_vendor_region_of_host(const llm_str_t *host, llm_str_t *region);
llm_geo_e llm_vendor_region_of_path(const llm_str_t *path, llm_str_t *region);

/* all of them, for messages; NULL behind the last */

const llm_vendor_t *llm_vendor_at(size_t i);


#endif /* _LLM_VENDOR_H_INCLUDED_ */
