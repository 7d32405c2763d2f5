
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_api.h"
#include "ngx_http_llm_cost_dashboard.h"


/*
 * The dashboard: files of dashboard/, and of the charting library, as they
 * were when the module was built.  They are the same for everybody and hold
 * no figures; the page asks the other endpoints for those.
 */


#define ngx_http_llm_cost_page(name)                                          \
    void                                                                      \
    ngx_http_llm_cost_api_page_##name(ngx_http_llm_cost_api_t *api)           \
    {                                                                         \
        ngx_http_llm_cost_out_bytes(&api->out, llm_script_##name,             \
                                    sizeof(llm_script_##name) - 1);           \
    }


/* one endpoint, and one line here, for each file */

ngx_http_llm_cost_page(index_html)
ngx_http_llm_cost_page(app_js)
ngx_http_llm_cost_page(app_css)
ngx_http_llm_cost_page(dygraph_min_js)
ngx_http_llm_cost_page(dygraph_min_css)


ngx_int_t
ngx_http_llm_cost_api_page_fetch(ngx_http_llm_cost_api_t *api)
{
    return NGX_OK;
}
